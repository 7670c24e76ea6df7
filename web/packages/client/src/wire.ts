/**
 * What goes over the wire, narrower than the server's description can say it. generated/api.ts has that description
 * (`npm run generate`); test/wire.types.ts holds the two together.
 * Times are RFC 3339 strings. Members may be added by the server; unknown `type`s are ignored.
 */

export type Role = 'MEMBER' | 'AGENT' | 'STUDENT' | 'PROFESSOR' | 'ADMIN' | 'SERVICE';
/** M the customer, A the agent, S the system. */
export type Side = 'M' | 'A' | 'S';
export type SessionStatus = 'WAITING' | 'ACTIVE' | 'DISCONNECTED' | 'COMPLETED';
export type ExitReason = 'RESOLVED' | 'CANCELLED' | 'TRANSFERRED';
export type DisconnectReason = 'TIMEOUT' | 'BROWSER_CLOSE' | 'NETWORK_ERROR';

export interface User {
  memberId: number;
  userCode: string;
  name: string;
  roles: Role[];
}

export interface Tokens {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
  refreshToken: string;
  user: User;
}

export interface Category {
  categoryId: number;
  code: string;
  name: string;
}

/** A SYSTEM message's meaning, to be worded for its reader; `content` is its wording for the room's owner. */
export interface SystemNote {
  code: string;
  params: Record<string, string | number | null>;
}

export interface Message {
  type: 'MESSAGE';
  messageId: number;
  sessionId: number;
  roomId: number;
  seq: number;
  /** Null for SYSTEM messages. */
  senderId: number | null;
  senderName: string | null;
  senderType: Side;
  messageType: string;
  contentType: string;
  /** Null where content is encrypted at rest (agents' overview topics). */
  content: string | null;
  isRead: 'Y' | 'N';
  cdate: string;
  clientMessageId: string | null;
  attachment: unknown;
  replyTo: number | null;
  system?: SystemNote | null;
}

export interface SupportSession {
  sessionId: number;
  status: SessionStatus;
  categoryId: number;
  categoryName: string;
  title: string | null;
  memberId: number;
  memberName: string;
  adminId: number | null;
  adminName: string | null;
  /** From 1, only while WAITING. */
  queuePosition: number | null;
  startTime: string;
  endTime: string | null;
  memberLastSeen: string | null;
  adminLastSeen: string | null;
  disconnectReason: string | null;
  exitReason: string | null;
  endedBy: Side | null;
  graceUntil: string | null;
  /** Null in events, which have no one reader. */
  unreadCount: number | null;
  lastMessage: Message | null;
  cdate: string;
  udate: string;
}

export interface ReadEvent {
  type: 'READ';
  sessionId: number;
  readerId: number;
  messageId: number;
  seq: number;
}

export interface TypingEvent {
  type: 'TYPING';
  sessionId: number;
  memberId: number;
  senderType: Side;
  typing: boolean;
}

export interface PresenceEvent {
  type: 'PRESENCE';
  sessionId: number;
  memberId: number;
  senderType: Side;
  state: 'ONLINE' | 'OFFLINE';
}

export interface StateEvent {
  type: 'STATE';
  sessionId: number;
  from: SessionStatus;
  to: SessionStatus;
  by: Side;
  session: SupportSession;
}

export interface NewSessionEvent {
  type: 'NEW_SESSION';
  session: SupportSession;
}

export interface QueueEvent {
  type: 'QUEUE';
  sessionId: number;
  queuePosition: number;
}

export interface LongWaitEvent {
  type: 'LONG_WAIT';
  sessionId: number;
  waitingSeconds: number;
  session: SupportSession;
}

/** "You are level": the state now, after everything that was missed. */
export interface SyncEvent {
  type: 'SYNC';
  sessionId: number;
  seq: number;
  session: SupportSession;
  /** Read marks: each reader has read everything up to `seq`. */
  reads?: { readerId: number; seq: number }[];
}

export interface ErrorEvent {
  type: 'ERROR';
  code: string;
  error: string;
  destination: string;
  receiptId?: string;
  clientMessageId?: string;
  /** Seconds, with `rate_limited` and `unavailable`. */
  retryAfter?: number;
}

export type ConversationEvent =
  | Message
  | ReadEvent
  | TypingEvent
  | PresenceEvent
  | StateEvent
  | QueueEvent
  | SyncEvent;

/** What agents' topics carry. */
export type OverviewEvent = Message | StateEvent | NewSessionEvent | PresenceEvent | LongWaitEvent;

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface SessionFilter {
  status?: SessionStatus;
  category?: number;
  agent?: number;
  q?: string;
  from?: string;
  to?: string;
  limit?: number;
  before?: string;
}
