/** How patient one may still be with a customer who waits. */
export type Patience = 'fresh' | 'long' | 'late';

/** `steps`: the seconds from which on a wait is long, and late. */
export function patience(waitedMs: number, [long, late]: readonly [number, number]): Patience {
  return waitedMs >= late * 1000 ? 'late' : waitedMs >= long * 1000 ? 'long' : 'fresh';
}

/** Names in the order Korean readers look for them. */
export const byName = new Intl.Collator('ko').compare;
