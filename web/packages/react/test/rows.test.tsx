import type { ChatMessage } from '@maru/client';
import { expect, test } from 'vitest';
import { toRows } from '../src/rows';

let seq = 0;
const message = (at: string, senderId: number | null, own = false): ChatMessage => ({
  key: `m${++seq}`,
  state: 'stored',
  own,
  seq,
  messageId: seq,
  senderId,
  senderName: senderId === null ? null : `사람 ${senderId}`,
  senderType: senderId === null ? 'S' : 'A',
  messageType: 'TEXT',
  content: '글',
  at,
  system: null,
  error: null,
});

test('messages_of_one_sender_within_three_minutes_are_a_group', () => {
  const rows = toRows(
    [
      message('2026-11-20T05:00:00Z', 1),
      message('2026-11-20T05:02:59Z', 1),
      message('2026-11-20T05:06:30Z', 1),
      message('2026-11-20T05:06:40Z', 2, true),
    ],
    null,
  );
  expect(rows.map(row => [row.first, row.last])).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

test('a_day_and_the_unread_line_begin_a_group', () => {
  const first = message('2026-11-20T05:00:00Z', 1);
  const unread = message('2026-11-20T05:00:10Z', 1);
  const nextDay = message('2026-11-22T05:00:00Z', 1);
  const rows = toRows([first, unread, nextDay], unread.seq);
  expect(rows.map(row => row.newDay)).toEqual([true, false, true]);
  expect(rows.map(row => row.firstUnread)).toEqual([false, true, false]);
  expect(rows.map(row => row.first)).toEqual([true, true, true]);
});
