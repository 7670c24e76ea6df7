import { describe, expect, it } from 'vitest';
import { steady } from '../src/lists/steady';

const key = (item: string) => item;
const start = (items: string[]) => steady([], items, null, key).rows;
const shown = (rows: { item: string; gone: boolean }[]) =>
  rows.map(row => (row.gone ? `(${row.item})` : row.item));

describe('a list under the hand', () => {
  it('follows the data while nothing is held', () => {
    expect(shown(steady(start(['a', 'b']), ['c', 'a'], null, key).rows)).toEqual(['c', 'a']);
  });

  it('keeps new rows that belong above the held row back, and counts them', () => {
    const { rows, waiting } = steady(start(['a', 'b', 'c']), ['x', 'a', 'y', 'b', 'c'], 'b', key);
    expect(shown(rows)).toEqual(['a', 'b', 'c']);
    expect(waiting).toBe(2);
  });

  it('lets new rows in below the held row', () => {
    const { rows, waiting } = steady(start(['a', 'b']), ['a', 'b', 'z'], 'a', key);
    expect(shown(rows)).toEqual(['a', 'b', 'z']);
    expect(waiting).toBe(0);
  });

  it('leaves a place where a row above, or the held one itself, went away', () => {
    expect(shown(steady(start(['a', 'b', 'c']), ['c'], 'b', key).rows)).toEqual(['(a)', '(b)', 'c']);
  });

  it('keeps a known row in sight when it moves up past the held one', () => {
    expect(shown(steady(start(['a', 'b', 'c']), ['c', 'a', 'b'], 'b', key).rows)).toEqual(['a', 'b', 'c']);
  });

  it('closes the gaps when the hand leaves', () => {
    const held = steady(start(['a', 'b', 'c']), ['c'], 'b', key).rows;
    expect(shown(steady(held, ['c'], null, key).rows)).toEqual(['c']);
  });
});
