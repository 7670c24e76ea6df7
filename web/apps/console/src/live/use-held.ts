import type { Conversation } from '@maru/client';
import { useEffect, useRef } from 'react';
import { maru } from '../maru';
import { type OpenSessions, putUnread, rowsOf } from './open-sessions';
import { changeOpenSessions } from './queries';
import { isUnreadAgain, putUnreadAgain } from './unread';

/**
 * Keeps every chat of mine open, looked at or not: an agent is there for a customer while subscribed to the chat's topic,
 * and leaving it would tell the customer that the agent has gone. Read marks of other tabs come in here too.
 */
export function useHeld(sessions: OpenSessions, me: number): void {
  const held = useRef(new Map<number, () => void>());

  useEffect(() => {
    const mine = new Set(rowsOf(sessions, 'mine', me, null).map(session => session.sessionId));
    for (const [id, release] of held.current) {
      if (mine.has(id)) continue;
      release();
      held.current.delete(id);
    }
    for (const id of mine) {
      if (!held.current.has(id)) held.current.set(id, hold(id));
    }
  }, [sessions, me]);

  useEffect(() => {
    const all = held.current;
    return () => {
      for (const release of all.values()) release();
      all.clear();
    };
  }, []);
}

function hold(id: number): () => void {
  const conversation = maru.conversation(id);
  let known = conversation.get().status === 'ready';
  let mark = 0;
  conversation.open();
  conversation.announce();
  const undo = conversation.subscribe(() => {
    const { status, level, readSeq, unread } = conversation.get();
    if (status !== 'ready') return;
    // Read here or on another device; what SYNC tells before all is level was known before.
    if (level && readSeq.A > mark && isUnreadAgain(id)) putUnreadAgain(id, 0);
    mark = Math.max(mark, readSeq.A);
    if (known && unread === 0 && !isUnreadAgain(id)) {
      changeOpenSessions(sessions => putUnread(sessions, id, 0));
    }
    if (!known) queueMicrotask(() => lookForUnreadAgain(conversation));
    known = true;
  });
  return () => {
    undo();
    conversation.release();
  };
}

/** What was marked unread elsewhere or before: the server counts more than the messages show. */
function lookForUnreadAgain(conversation: Conversation): void {
  const { session, sessionId, unread } = conversation.get();
  const counted = session?.unreadCount ?? 0;
  if (counted > unread) putUnreadAgain(sessionId, counted);
}
