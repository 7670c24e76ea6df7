import { useEffect, useLayoutEffect, useRef } from 'react';
import type { LogItem } from './log-items';

/** Begins at the new-messages line, once, when it is known and the log has no place of its own to return to. */
export function useUnreadInSight(
  rows: readonly LogItem[],
  firstUnreadSeq: number | null,
  wanted: boolean,
  show: (index: number) => void,
): void {
  const done = useRef(!wanted);
  useLayoutEffect(() => {
    if (done.current || firstUnreadSeq === null) return;
    done.current = true;
    show(rows.findIndex(item => item.kind === 'new'));
  });
}

/** True for the one render in which older messages came in before the first. */
export function usePrepended(firstSeq: number | null): boolean {
  const before = useRef(firstSeq);
  const now = before.current !== null && firstSeq !== null && firstSeq < before.current;
  useEffect(() => {
    before.current = firstSeq;
  }, [firstSeq]);
  return now;
}
