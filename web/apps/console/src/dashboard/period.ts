export const PERIODS = ['today', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

const DAYS: Record<Period, number> = { today: 1, week: 7, month: 30 };
const DAY_MS = 86_400_000;

export function isPeriod(value: string): value is Period {
  return PERIODS.some(period => period === value);
}

/** The first day (2026-11-21) of a period that ends today, in the calendar of `timeZone`. */
export function firstDay(period: Period, timeZone: string, now: number): string {
  // The Swedish way to write a date is the ISO one.
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return day.format(now - (DAYS[period] - 1) * DAY_MS);
}
