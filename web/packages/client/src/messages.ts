import type { OutboxEntry } from './outbox';
import type { Message, Side, SystemNote, User } from './wire';

/** A message as it is shown: stored by the server, or written here and on its way. */
export interface ChatMessage {
  /** The same from the first key stroke sent to the stored message, so that a view keeps its row. */
  key: string;
  state: 'pending' | 'failed' | 'stored';
  own: boolean;
  /** Null until stored. */
  seq: number | null;
  messageId: number | null;
  senderId: number | null;
  senderName: string | null;
  senderType: Side;
  messageType: string;
  content: string;
  /** RFC 3339. */
  at: string;
  system: SystemNote | null;
  /** Why it failed. */
  error: { code: string; error: string } | null;
}

/** Any message of the wire (history, REST) as it is shown to the user `me`. */
export function fromWire(message: Message, me: number): ChatMessage {
  const own = message.senderId === me;
  return {
    ...message,
    key: (own && message.clientMessageId) || `m${message.messageId}`,
    state: 'stored',
    own,
    content: message.content ?? '',
    at: message.cdate,
    system: message.system ?? null,
    error: null,
  };
}

export function fromOutbox(entry: OutboxEntry, user: User, side: 'M' | 'A'): ChatMessage {
  return {
    key: entry.clientMessageId,
    state: entry.failed ? 'failed' : 'pending',
    own: true,
    seq: null,
    messageId: null,
    senderId: user.memberId,
    senderName: user.name,
    senderType: side,
    messageType: 'TEXT',
    content: entry.content,
    at: new Date(entry.at).toISOString(),
    system: null,
    error: entry.failed ?? null,
  };
}

/** `stored` put in by seq, each once; ones not yet stored stay after them, and give way to their stored self. */
export function insertStored(messages: ChatMessage[], stored: ChatMessage[]): ChatMessage[] {
  if (stored.length === 0) return messages;
  const bySeq = new Map<number, ChatMessage>();
  for (const message of [...messages, ...stored]) {
    if (message.seq !== null) bySeq.set(message.seq, message);
  }
  const known = new Set(stored.map(message => message.key));
  const waiting = messages.filter(message => message.seq === null && !known.has(message.key));
  const ordered = [...bySeq.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  return [...ordered, ...waiting];
}

/** The last stored message's number; 0 when there is none. */
export function lastSeq(messages: ChatMessage[]): number {
  return messages.findLast(message => message.seq !== null)?.seq ?? 0;
}
