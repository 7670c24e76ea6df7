import { useEffect, useRef } from 'react';
import { maru } from '../maru';
import { type OpenSessions, putUnread, rowsOf } from './open-sessions';
import { changeOpenSessions } from './queries';

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
  conversation.open();
  conversation.announce();
  const undo = conversation.subscribe(() => {
    const { status, unread } = conversation.get();
    if (status === 'ready' && unread === 0) changeOpenSessions(sessions => putUnread(sessions, id, 0));
  });
  return () => {
    undo();
    conversation.release();
  };
}
