/** A value that changes over time. `get` returns the same object until it changes (fits `useSyncExternalStore`). */
export interface Store<Value> {
  get(): Value;
  /** Calls `listener` after every change; returns its undo. */
  subscribe(listener: () => void): () => void;
}

export interface Cell<Value> extends Store<Value> {
  set(next: Value): void;
}

export function cell<Value>(initial: Value): Cell<Value> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener();
    },
  };
}
