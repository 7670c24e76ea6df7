/**
 * What goes over the wire, from the server's own description (generated/schema.d.ts, `npm run generate`). The
 * description writes plain strings where only a few values come: those are narrowed here, by member names that it
 * must have. Times are RFC 3339 strings. Members may be added by the server; unknown `type`s are ignored.
 */
import type { components } from './generated/schema';

type Described = components['schemas'];

/** `Base` with every member there (null where there is nothing), some of them narrower. */
type Refine<
  Base,
  Narrower extends { [Key in keyof Narrower]: Key extends keyof Base ? unknown : never },
> = Required<Omit<Base, keyof Narrower>> & Narrower;

export type Role = Described['Role'];
/** M the customer, A the agent, S the system. */
export type Side = 'M' | 'A' | 'S';
export type SessionStatus = 'WAITING' | 'ACTIVE' | 'DISCONNECTED' | 'COMPLETED';
export type ExitReason = 'RESOLVED' | 'CANCELLED' | 'TRANSFERRED';
export type DisconnectReason = 'TIMEOUT' | 'BROWSER_CLOSE' | 'NETWORK_ERROR';

export type User = Described['User'];
export type Tokens = Described['Tokens'];
/** When the support desk is open, and how long one waits there. */
export type Desk = Required<Described['Desk']>;

/** What a customer asks for: a category, or an own session that is over, to be taken up again. */
export type OpenSession = Described['OpenSession'];
export type Category = Described['Category'];

/** A SYSTEM message's meaning, to be worded for its reader; `content` is its wording for the room's owner. */
export type SystemNote = Refine<Described['SystemText'], { params: Record<string, string | number | null> }>;

/** `content` is null on agents' overview topics where content is encrypted at rest. */
export type Message = Refine<
  Described['Message'],
  {
    type: 'MESSAGE';
    senderType: Side;
    isRead: 'Y' | 'N';
    content: string | null;
    attachment: unknown;
    system?: SystemNote | null;
  }
>;

/** `unreadCount` is null in events, which have no one reader. */
export type SupportSession = Refine<
  Described['Session'],
  { status: SessionStatus; endedBy: Side | null; lastMessage: Message | null; unreadCount: number | null }
>;

export type ReadEvent = Refine<Described['ReadEvent'], { type: 'READ' }>;
export type TypingEvent = Refine<Described['TypingEvent'], { type: 'TYPING'; senderType: Side }>;
export type QueueEvent = Refine<Described['QueueEvent'], { type: 'QUEUE' }>;
export type NewSessionEvent = Refine<
  Described['NewSessionEvent'],
  { type: 'NEW_SESSION'; session: SupportSession }
>;
export type LongWaitEvent = Refine<
  Described['LongWaitEvent'],
  { type: 'LONG_WAIT'; session: SupportSession }
>;
export type PresenceEvent = Refine<
  Described['PresenceEvent'],
  { type: 'PRESENCE'; senderType: Side; state: 'ONLINE' | 'OFFLINE' }
>;
export type StateEvent = Refine<
  Described['StateEvent'],
  { type: 'STATE'; from: SessionStatus; to: SessionStatus; by: Side; session: SupportSession }
>;

export type AvailabilityEvent = Refine<
  Described['AvailabilityEvent'],
  { type: 'AVAILABILITY'; availability: Availability }
>;

export type Viewer = Described['Viewer'];
/** Agents who look at a session that is not theirs. */
export type ViewersEvent = Refine<Described['ViewersEvent'], { type: 'VIEWERS' }>;
/** On `/user/queue/notifications`: the own count changed without a READ. */
export type UnreadEvent = Refine<Described['UnreadEvent'], { type: 'UNREAD' }>;

/** "You are level": the state now and the read marks, after everything that was missed. */
export type SyncEvent = Refine<
  Described['SyncEvent'],
  { type: 'SYNC'; session: SupportSession; reads?: { readerId: number; seq: number }[] }
>;

/** A plain room; `joined`, `manages`, `lastReadSeq` and `unreadCount` are null in events, which have no one reader. */
export type Room = Refine<Described['Room'], { status: 'ACTIVE' | 'CLOSED'; lastMessage: Message | null }>;
export type Participant = Described['Participant'];
export interface ParticipantPage extends Page<Participant> {
  /** Of the whole room. */
  count: number;
  onlineCount: number;
}
/** Who is in a room; of a large one not all, those who are here first. */
export type ParticipantsEvent = Refine<Described['ParticipantsEvent'], { type: 'PARTICIPANTS' }>;
export type RoomStateEvent = Refine<Described['RoomStateEvent'], { type: 'STATE'; room: Room }>;
/** The last that one hears of a room. */
export type RemovedEvent = Refine<Described['RemovedEvent'], { type: 'REMOVED'; reason: 'LEFT' | 'REMOVED' }>;
export type RoomSyncEvent = Refine<
  Described['RoomSyncEvent'],
  { type: 'SYNC'; room: Room; reads: { readerId: number; seq: number }[] }
>;
/** On `/user/queue/notifications`: the own list of rooms has changed. */
export type RoomsEvent = Refine<
  Described['RoomsEvent'],
  { type: 'ROOM'; change: 'ADDED' | 'REMOVED' | 'CLOSED'; room: Room }
>;
export type RoomEvent = ParticipantsEvent | RoomStateEvent | RemovedEvent | RoomSyncEvent;

/** On `/user/queue/errors`: why something sent was refused. */
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
export type OverviewEvent =
  | Message
  | StateEvent
  | NewSessionEvent
  | PresenceEvent
  | AvailabilityEvent
  | ViewersEvent
  | LongWaitEvent;

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/** How lists of agents are narrowed. */
export interface SessionFilter {
  /** One, or several with commas. */
  status?: string;
  category?: number | string;
  agent?: number | string;
  /** A number, or part of a name. */
  customer?: string;
  q?: string;
  /** What the customer gave, 1 to 5. */
  rating?: number | string;
  from?: string;
  to?: string;
  limit?: number;
  before?: string;
}

/** Whether an agent takes sessions; who is AWAY starts none and is given none. */
export type Availability = 'AVAILABLE' | 'BUSY' | 'AWAY';
export type OwnAvailability = Refine<Described['OwnAvailability'], { availability: Availability }>;

/** Somebody who may take a session. */
export type Agent = Refine<Described['AgentView'], { availability: Availability }>;

/** Answer of `GET /api/admin/chat/stats`. */
export type Statistics = Refine<Described['Statistics'], { waitStepsSeconds: [long: number, late: number] }>;
