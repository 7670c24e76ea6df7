import { useSyncExternalStore } from 'react';

let ahead = 0;

/** Milliseconds since the epoch by the server's clock, as well as this page knows it. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** Learns how far the server's clock is from this machine's (to about a second: an HTTP date has no finer unit). */
export async function learnServerTime(baseUrl = ''): Promise<void> {
  const asked = Date.now();
  const answer = await fetch(`${baseUrl}/health/live`, { cache: 'no-store' });
  const told = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(told)) return;
  const middle = (asked + Date.now()) / 2;
  const off = told + 500 - middle;
  ahead = Math.abs(off) < 1000 ? 0 : off;
}

const ticks = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

function subscribe(run: () => void): () => void {
  ticks.add(run);
  timer ??= setInterval(() => {
    second = Math.floor(serverNow() / 1000);
    for (const tick of ticks) tick();
  }, 1000);
  return () => {
    ticks.delete(run);
    if (ticks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The server's time in whole seconds, one shared tick for all clocks on the page. */
export function useServerSecond(): number {
  return useSyncExternalStore(subscribe, () => second);
}
