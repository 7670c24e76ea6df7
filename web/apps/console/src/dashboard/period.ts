export const PERIODS = ['today', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

const DAYS: Record<Period, number> = { today: 1, week: 7, month: 30 };

export function isPeriod(value: string): value is Period {
  return PERIODS.some(period => period === value);
}

function dayName(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export interface Range {
  /** As the history's filters name them. */
  days: { from: string };
  /** The moment it begins. */
  from: string;
}

/** A period up to now, in whole days of the reader's calendar. */
export function rangeOf(period: Period, now = new Date()): Range {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() - DAYS[period] + 1);
  return { days: { from: dayName(start) }, from: start.toISOString() };
}
