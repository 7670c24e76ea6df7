import { expect, it } from 'vitest';
import { firstDay } from '../src/dashboard/period';
import { patience } from '../src/format';
import { activeFilters, readFilters, writeFilters } from '../src/search-state';

it('counts the days of a period in the server’s calendar', () => {
  const lateInLondon = Date.parse('2026-11-20T20:00:00Z');
  expect(firstDay('today', 'Asia/Seoul', lateInLondon)).toBe('2026-11-21');
  expect(firstDay('today', 'Europe/London', lateInLondon)).toBe('2026-11-20');
  expect(firstDay('week', 'Asia/Seoul', lateInLondon)).toBe('2026-11-15');
});

it('says when a customer has waited long, and too long', () => {
  expect([59_999, 60_000, 179_999, 180_000].map(ms => patience(ms, [60, 180]))).toEqual([
    'fresh',
    'long',
    'long',
    'late',
  ]);
});

it('keeps filters in the address and nothing else', () => {
  const filters = readFilters(new URLSearchParams('q=파란 우산&status=COMPLETED&other=1'));
  expect(activeFilters(filters)).toEqual(['q', 'status']);
  expect(readFilters(new URLSearchParams(writeFilters(filters)))).toEqual(filters);
  expect(writeFilters({ q: '' })).toBe('');
});
