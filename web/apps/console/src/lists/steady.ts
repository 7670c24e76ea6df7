/** One place in a list that must not move under the reader's hand. */
export interface SteadyRow<T> {
  item: T;
  /** True for a row that is gone from the data but keeps its place until the hand moves on. */
  gone: boolean;
}

export interface Steady<T> {
  rows: SteadyRow<T>[];
  /** How many new rows belong above the held one and wait until it is let go. */
  waiting: number;
}

/**
 * Lays `next` out so that the row `anchor` (under the pointer or the focus) and everything above it stay where they are.
 *
 * Rows that left stay as `gone` down to the anchor; new or moved ones that belong above it wait. Below it the list is live.
 */
export function steady<T>(
  previous: readonly SteadyRow<T>[],
  next: readonly T[],
  anchor: string | null,
  keyOf: (item: T) => string,
): Steady<T> {
  const at = anchor === null ? -1 : previous.findIndex(row => keyOf(row.item) === anchor);
  if (at < 0) return { rows: next.map(item => ({ item, gone: false })), waiting: 0 };

  const now = new Map(next.map(item => [keyOf(item), item]));
  const above = previous.slice(0, at + 1).map(row => {
    const item = now.get(keyOf(row.item));
    return item === undefined ? { item: row.item, gone: true } : { item, gone: false };
  });
  const kept = new Set(above.map(row => keyOf(row.item)));
  const ofAnchor = anchor === null ? -1 : next.findIndex(item => keyOf(item) === anchor);
  const below: SteadyRow<T>[] = [];
  let waiting = 0;
  const before = new Set(previous.map(row => keyOf(row.item)));
  next.forEach((item, index) => {
    const key = keyOf(item);
    if (kept.has(key)) return;
    if (index < ofAnchor && !before.has(key)) waiting += 1;
    else below.push({ item, gone: false });
  });
  return { rows: [...above, ...below], waiting };
}
