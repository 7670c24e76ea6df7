/** How patient one may still be with a customer who waits. */
export type Patience = 'fresh' | 'long' | 'late';

const LONG_AFTER_S = 60;
const LATE_AFTER_S = 180;

export function patience(waitedMs: number): Patience {
  return waitedMs >= LATE_AFTER_S * 1000 ? 'late' : waitedMs >= LONG_AFTER_S * 1000 ? 'long' : 'fresh';
}

/** Names in the order Korean readers look for them. */
export const byName = new Intl.Collator('ko').compare;
