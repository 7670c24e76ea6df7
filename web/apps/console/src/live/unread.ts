import type { UnreadEvent } from '@maru/client';
import { maru } from '../maru';
import { putUnread } from './open-sessions';
import { changeOpenSessions } from './queries';

/**
 * Chats that an agent wants unread again. What was read stays read for the customer, so neither the messages nor the
 * conversation know of it: the server counts, and tells all devices of the agent.
 */
const again = new Set<number>();

export function isUnreadAgain(sessionId: number): boolean {
  return again.has(sessionId);
}

/** The server's count, which is more than what lies beyond the read mark. */
export function putUnreadAgain(sessionId: number, count: number): void {
  if (count > 0) again.add(sessionId);
  else again.delete(sessionId);
  changeOpenSessions(sessions => putUnread(sessions, sessionId, count));
}

export function takeUnread({ sessionId, unreadCount }: UnreadEvent): void {
  putUnreadAgain(sessionId, unreadCount);
}

export async function markUnread(sessionId: number): Promise<void> {
  const { unreadCount } = await maru.rest.admin.unread(sessionId);
  putUnreadAgain(sessionId, unreadCount ?? 0);
}

/** The agent looks at it now. */
export function readAgain(sessionId: number): void {
  if (!again.has(sessionId)) return;
  putUnreadAgain(sessionId, 0);
  void maru.rest.read(sessionId).catch(() => undefined);
}
