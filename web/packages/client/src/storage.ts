/** The part of `localStorage` that we use. */
export interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
  readonly length: number;
}

/** What outlives a page (`lasting`, shared by all tabs) and what outlives only a reload (`tab`). */
export interface Storage {
  lasting: KeyValue;
  tab: KeyValue;
  /** False where the browser keeps nothing: everything works, for this visit only. */
  kept: boolean;
}

export function memoryStorage(): KeyValue {
  const values = new Map<string, string>();
  return {
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: key => void values.delete(key),
    key: index => [...values.keys()][index] ?? null,
    get length() {
      return values.size;
    },
  };
}

function usable(open: () => KeyValue): KeyValue | null {
  try {
    const storage = open();
    storage.setItem('maru:probe', '1');
    storage.removeItem('maru:probe');
    return storage;
  } catch {
    return null;
  }
}

/** The browser's storage, or memory where it is blocked or absent. */
export function browserStorage(): Storage {
  const lasting = usable(() => globalThis.localStorage);
  const tab = usable(() => globalThis.sessionStorage);
  return { lasting: lasting ?? memoryStorage(), tab: tab ?? memoryStorage(), kept: lasting !== null };
}

export function readJson<Value>(storage: KeyValue, key: string): Value | null {
  try {
    const text = storage.getItem(key);
    return text === null ? null : (JSON.parse(text) as Value);
  } catch {
    return null;
  }
}

/** Writes what can be written: a full storage loses the copy, not the visit. */
export function writeJson(storage: KeyValue, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Quota is used up. The value lives on in memory.
  }
}

export function keysWith(storage: KeyValue, prefix: string): string[] {
  const keys: string[] = [];
  for (let index = 0; index < storage.length; index++) {
    const key = storage.key(index);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}
