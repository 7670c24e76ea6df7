/**
 * Stands in for `react` in the widget: Preact's hooks, and the one hook Preact has only in its 2 kB compatibility
 * layer. Views shared with other pages keep to these (they use `onInput`, not React's `onChange`).
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export { createContext } from 'preact';
export {
  useCallback,
  useContext,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'preact/hooks';

export function useSyncExternalStore<Value>(
  subscribe: (listener: () => void) => () => void,
  get: () => Value,
): Value {
  const [, render] = useState({});
  const value = get();
  const seen = useRef(value);
  seen.current = value;
  useLayoutEffect(() => {
    const look = () => {
      if (!Object.is(seen.current, get())) render({});
    };
    look();
    return subscribe(look);
  }, [subscribe, get]);
  return value;
}
