/** What several tabs of one browser agree on: one refresh at a time, and whose tab is alive. */
export interface Tabs {
  /** This tab, the same across reloads, never shared by two living tabs. */
  id: Promise<string>;
  /** Runs `work` while no other tab runs work of that name. */
  exclusively<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** Ids of the tabs alive now, this one among them. */
  alive(): Promise<Set<string>>;
}

const TAB_KEY = 'maru:tab';
const TAB_LOCK = 'maru-tab-';

/**
 * Over the Web Locks of the browser. Without them (plain http on another host), or where the browser denies them (a
 * frame of another site), each tab stands alone.
 */
export function browserTabs(tab: {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}): Tabs {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks) return lonelyTab();
  const id = claimId(locks, tab);
  return {
    id,
    async exclusively(name, work) {
      let begun = false;
      const begin = () => {
        begun = true;
        return work();
      };
      return locks.request(name, begin).catch(refusal => {
        if (begun) throw refusal;
        return work();
      }) as never;
    },
    async alive() {
      const { held = [] } = await locks.query().catch((): LockManagerSnapshot => ({}));
      const ids = held.flatMap(lock =>
        lock.name?.startsWith(TAB_LOCK) ? [lock.name.slice(TAB_LOCK.length)] : [],
      );
      return new Set([...ids, await id]);
    },
  };
}

/** Keeps the id of before the reload, unless a duplicated tab took it along and still lives. */
async function claimId(
  locks: LockManager,
  tab: { getItem(key: string): string | null; setItem(key: string, value: string): void },
): Promise<string> {
  for (const candidate of [tab.getItem(TAB_KEY), crypto.randomUUID()]) {
    if (candidate !== null && (await hold(locks, TAB_LOCK + candidate))) {
      tab.setItem(TAB_KEY, candidate);
      return candidate;
    }
  }
  return crypto.randomUUID();
}

/** Takes a lock for as long as the page lives. False if somebody has it. */
function hold(locks: LockManager, name: string): Promise<boolean> {
  return new Promise(resolve => {
    locks
      .request(name, { ifAvailable: true }, lock => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise<void>(() => {});
      })
      .catch(() => resolve(true));
  });
}

export function lonelyTab(id: string = randomId()): Tabs {
  let last: Promise<unknown> = Promise.resolve();
  return {
    id: Promise.resolve(id),
    exclusively(_name, work) {
      const next = last.then(work, work);
      last = next.catch(() => {});
      return next;
    },
    alive: async () => new Set([id]),
  };
}

/** An id nobody else has; `randomUUID` is missing on plain http. */
export function randomId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
