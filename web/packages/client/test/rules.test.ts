import { expect, test } from 'vitest';
import { backoffMs } from '../src/backoff';
import { type Connection, closeMeaning, reduceConnection } from '../src/connection';

test('waits_grow_and_are_capped_and_spread', () => {
  const least = [1, 2, 3, 4, 20].map(attempt => backoffMs(attempt, () => 0));
  const most = [1, 2, 3, 4, 20].map(attempt => backoffMs(attempt, () => 1));
  expect(least).toEqual([250, 500, 1000, 2000, 15000]);
  expect(most).toEqual([500, 1000, 2000, 4000, 30000]);
});

test('a_connection_that_dies_young_keeps_counting_attempts', () => {
  const live: Connection = { status: 'live', since: 1000, attempt: 3 };
  const lost = (at: number) =>
    reduceConnection(live, { type: 'lost', cause: 'network', at, retryAt: at + 1 });
  expect(lost(2000)).toMatchObject({ attempt: 3 });
  expect(lost(60_000)).toMatchObject({ attempt: 0 });
});

test('an_action_that_does_not_fit_changes_nothing', () => {
  const idle: Connection = { status: 'idle' };
  expect(reduceConnection(idle, { type: 'opened', at: 1 })).toBe(idle);
  expect(reduceConnection(idle, { type: 'retry' })).toBe(idle);
  expect(reduceConnection(idle, { type: 'ended', reason: 'stopped' })).toBe(idle);
  const closed: Connection = { status: 'closed', reason: 'replaced' };
  expect(reduceConnection(closed, { type: 'lost', cause: 'network', at: 1, retryAt: 2 })).toBe(closed);
  expect(reduceConnection(closed, { type: 'start' })).toEqual({ status: 'connecting', attempt: 1 });
});

test('close_codes_say_what_to_do', () => {
  expect(closeMeaning(4401)).toEqual({ next: 'refreshLogin' });
  expect(closeMeaning(4409)).toEqual({ next: 'end', reason: 'replaced' });
  expect(closeMeaning(1012)).toMatchObject({ cause: 'restarting' });
  expect(closeMeaning(1006)).toMatchObject({ cause: 'network' });
});
