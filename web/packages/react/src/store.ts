import type { Store } from '@maru/client';
import { useSyncExternalStore } from 'react';

/** The store's value; the view renders again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}
