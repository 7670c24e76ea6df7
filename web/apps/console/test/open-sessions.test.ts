import type { Message, SupportSession } from '@maru/client';
import { describe, expect, it } from 'vitest';
import {
  countsByCategory,
  newer,
  type OpenSessions,
  putMessage,
  putSession,
  putUnread,
  queuePlace,
  rowsOf,
} from '../src/live/open-sessions';

const ME = 51;

function session(sessionId: number, change: Partial<SupportSession> = {}): SupportSession {
  return {
    sessionId,
    status: 'WAITING',
    categoryId: 1,
    categoryName: '배송',
    adminId: null,
    startTime: `2026-11-21T00:00:${String(sessionId).padStart(2, '0')}.000Z`,
    unreadCount: 0,
    lastMessage: null,
    ...change,
  } as SupportSession;
}

function message(sessionId: number, seq: number, senderType: 'M' | 'A' | 'S' = 'M'): Message {
  return { sessionId, seq, senderType, cdate: '2026-11-21T00:01:00.000Z', content: 'x' } as Message;
}

function lists(...sessions: SupportSession[]): OpenSessions {
  return new Map(sessions.map(one => [one.sessionId, one]));
}

describe('the open sessions', () => {
  it('keep the unread count that an event cannot know', () => {
    const before = lists(session(1, { unreadCount: 3 }));
    const after = putSession(before, session(1, { status: 'ACTIVE', unreadCount: null }));
    expect(after.get(1)).toMatchObject({ status: 'ACTIVE', unreadCount: 3 });
  });

  it('are not put back by an answer that is older than what was told meanwhile', () => {
    const at = (second: number, change: Partial<SupportSession>) =>
      session(1, { udate: `2026-11-21T00:00:0${second}.000Z`, ...change });
    const started = at(1, { status: 'ACTIVE', unreadCount: 2 });
    const left = at(2, { status: 'DISCONNECTED', unreadCount: null });
    expect(newer(started, left)).toMatchObject({ status: 'DISCONNECTED', unreadCount: 2 });
    expect(newer(left, started)).toBe(left);
    expect(newer(started, null)).toBe(started);
  });

  it('let go of a session that is over', () => {
    expect(putSession(lists(session(1)), session(1, { status: 'COMPLETED' })).size).toBe(0);
  });

  it('count a message once, and only the customer’s', () => {
    const once = putMessage(lists(session(1)), message(1, 5));
    expect(once.get(1)).toMatchObject({ unreadCount: 1, lastMessage: { seq: 5 } });
    expect(putMessage(once, message(1, 5)).get(1)?.unreadCount).toBe(1);
    expect(putMessage(once, message(1, 6, 'A')).get(1)?.unreadCount).toBe(1);
    expect(putUnread(once, 1, 0).get(1)?.unreadCount).toBe(0);
  });

  it('ignore a message of a session they do not have', () => {
    const before = lists(session(1));
    expect(putMessage(before, message(9, 1))).toBe(before);
  });

  it('stand in the order of the queue: first start, then number', () => {
    const same = '2026-11-21T00:00:00.000Z';
    const all = lists(session(3), session(2, { startTime: same }), session(1, { startTime: same }));
    expect(rowsOf(all, 'waiting', ME, null).map(one => one.sessionId)).toEqual([1, 2, 3]);
    expect(queuePlace(all, 3)).toBe(3);
  });

  it('are mine when I am assigned, and filtered and counted by category', () => {
    const all = lists(
      session(1, { status: 'ACTIVE', adminId: ME }),
      session(2, { status: 'ACTIVE', adminId: 52 }),
      session(3, { categoryId: 2 }),
    );
    expect(rowsOf(all, 'mine', ME, null).map(one => one.sessionId)).toEqual([1]);
    expect(rowsOf(all, 'all', ME, 2).map(one => one.sessionId)).toEqual([3]);
    expect([...countsByCategory(all, 'all', ME)]).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(queuePlace(all, 1)).toBeNull();
  });
});
