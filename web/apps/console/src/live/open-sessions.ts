import type { Message, SupportSession } from '@maru/client';

/** Every support session that is not over, by number. */
export type OpenSessions = ReadonlyMap<number, SupportSession>;

export type View = 'waiting' | 'mine' | 'all';

export function isOpen(session: SupportSession): boolean {
  return session.status !== 'COMPLETED';
}

/** The state that was stored last; its unread count is the answer's, which events cannot know. */
export function newer(answer: SupportSession, known: SupportSession | null): SupportSession {
  // Times are written alike, to the millisecond.
  if (known === null || known.udate <= answer.udate) return answer;
  return { ...known, unreadCount: answer.unreadCount };
}

/** Puts a session's new state in; what an event cannot know for its reader (the unread count) stays. */
export function putSession(sessions: OpenSessions, session: SupportSession): OpenSessions {
  const next = new Map(sessions);
  const known = sessions.get(session.sessionId);
  if (!isOpen(session)) {
    next.delete(session.sessionId);
    return next;
  }
  next.set(session.sessionId, {
    ...session,
    unreadCount: session.unreadCount ?? known?.unreadCount ?? 0,
    lastMessage: session.lastMessage ?? known?.lastMessage ?? null,
  });
  return next;
}

/** Takes a message in: the row shows it, and a customer's counts as unread. */
export function putMessage(sessions: OpenSessions, message: Message): OpenSessions {
  const known = sessions.get(message.sessionId);
  if (known === undefined) return sessions;
  const last = known.lastMessage;
  if (last !== null && last.seq >= message.seq) return sessions;
  const next = new Map(sessions);
  next.set(known.sessionId, {
    ...known,
    lastMessage: message,
    unreadCount: (known.unreadCount ?? 0) + (message.senderType === 'M' ? 1 : 0),
  });
  return next;
}

export function putUnread(sessions: OpenSessions, sessionId: number, unread: number): OpenSessions {
  const known = sessions.get(sessionId);
  if (known === undefined || known.unreadCount === unread) return sessions;
  return new Map(sessions).set(sessionId, { ...known, unreadCount: unread });
}

/** The queue's order: by first start, then by number. */
export function byQueue(a: SupportSession, b: SupportSession): number {
  const [first, second] = [waitsSince(a), waitsSince(b)];
  return first < second ? -1 : first > second ? 1 : a.sessionId - b.sessionId;
}

/** When the customer began to wait. */
export function waitsSince(session: SupportSession): string {
  return session.startTime;
}

function lastActivity(session: SupportSession): string {
  return session.lastMessage?.cdate ?? waitsSince(session);
}

function byActivity(a: SupportSession, b: SupportSession): number {
  return lastActivity(a) < lastActivity(b)
    ? 1
    : lastActivity(a) > lastActivity(b)
      ? -1
      : b.sessionId - a.sessionId;
}

/** The rows of one tab, in its order. */
export function rowsOf(
  sessions: OpenSessions,
  view: View,
  me: number,
  categoryId: number | null,
): SupportSession[] {
  const inView = (session: SupportSession) =>
    view === 'waiting'
      ? session.status === 'WAITING'
      : view === 'mine'
        ? session.status !== 'WAITING' && session.adminId === me
        : true;
  const rows = [...sessions.values()].filter(
    session => inView(session) && (categoryId === null || session.categoryId === categoryId),
  );
  return rows.sort(view === 'waiting' ? byQueue : byActivity);
}

/** How many sessions each category has in a tab. */
export function countsByCategory(sessions: OpenSessions, view: View, me: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const session of rowsOf(sessions, view, me, null)) {
    counts.set(session.categoryId, (counts.get(session.categoryId) ?? 0) + 1);
  }
  return counts;
}

/** A session's place in the one queue, from 1; null when it does not wait. */
export function queuePlace(sessions: OpenSessions, sessionId: number): number | null {
  const queue = [...sessions.values()].filter(session => session.status === 'WAITING').sort(byQueue);
  const index = queue.findIndex(session => session.sessionId === sessionId);
  return index < 0 ? null : index + 1;
}
