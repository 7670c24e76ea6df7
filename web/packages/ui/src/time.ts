import { locale } from './texts';

const DAY_MS = 86_400_000;

function format(options: Intl.DateTimeFormatOptions, at: Date): string {
  return new Intl.DateTimeFormat(locale() === 'ko' ? 'ko-KR' : 'en-GB', options).format(at);
}

/** "오후 3:05" / "3:05 pm". */
export function clockTime(at: string | Date): string {
  return format({ hour: 'numeric', minute: '2-digit', hour12: true }, new Date(at));
}

/** "11월 21일 토요일" / "Saturday 21 November"; the year only when it is another one. */
export function dayName(at: string | Date, now = new Date()): string {
  const date = new Date(at);
  const year = date.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return format({ year, month: 'long', day: 'numeric', weekday: 'long' }, date);
}

/** Date and time in full, for tooltips and `<time>`. */
export function fullTime(at: string | Date): string {
  return format({ dateStyle: 'long', timeStyle: 'short' }, new Date(at));
}

/** Same calendar day in the viewer's zone. */
export function sameDay(a: string | Date, b: string | Date): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** "방금", "3분 전", "2시간 전", then the date. */
export function ago(at: string | Date, now = Date.now()): string {
  const ms = now - new Date(at).getTime();
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  if (ms < 60_000) return relative.format(0, 'second');
  if (ms < 3_600_000) return relative.format(-Math.floor(ms / 60_000), 'minute');
  if (ms < DAY_MS) return relative.format(-Math.floor(ms / 3_600_000), 'hour');
  return format({ month: 'long', day: 'numeric' }, new Date(at));
}

/** A length of time as a clock: 0:07, 12:30, 1:02:03. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
