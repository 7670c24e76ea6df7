import { type KeyValue, keysWith, readJson, writeJson } from './storage';
import type { Tabs } from './tabs';
import { randomId } from './tabs';

/** A message written here that the server has not confirmed. */
export interface OutboxEntry {
  clientMessageId: string;
  sessionId: number;
  content: string;
  /** When it was written, epoch milliseconds; never equal for two entries of a tab, so it is the order too. */
  at: number;
  /** The tab that sends it; another one takes over when that tab is gone. */
  tab: string;
  /** Why the server refused it; set until it is tried again. */
  failed?: { code: string; error: string };
}

/** Messages on their way, kept in storage under their sender until stored or discarded. */
export class Outbox {
  readonly #prefix: string;
  readonly #storage: KeyValue;
  readonly #tabs: Tabs;
  readonly #now: () => number;
  #lastAt = 0;

  constructor(owner: string, storage: KeyValue, tabs: Tabs, now: () => number) {
    this.#prefix = `maru:outbox:${owner}:`;
    this.#storage = storage;
    this.#tabs = tabs;
    this.#now = now;
  }

  /** Persisted when this returns. */
  add(sessionId: number, content: string, tab: string): OutboxEntry {
    this.#lastAt = Math.max(this.#now(), this.#lastAt + 1);
    const entry = { clientMessageId: randomId(), sessionId, content, at: this.#lastAt, tab };
    this.put(entry);
    return entry;
  }

  put(entry: OutboxEntry): void {
    writeJson(this.#storage, this.#prefix + entry.clientMessageId, entry);
  }

  remove(clientMessageId: string): void {
    this.#storage.removeItem(this.#prefix + clientMessageId);
  }

  /** What this tab has to send in that session, oldest first: its own, and what tabs that are gone left behind. */
  async claim(sessionId: number): Promise<OutboxEntry[]> {
    const me = await this.#tabs.id;
    const alive = await this.#tabs.alive();
    const claimed: OutboxEntry[] = [];
    for (const key of keysWith(this.#storage, this.#prefix)) {
      const entry = readJson<OutboxEntry>(this.#storage, key);
      if (entry?.sessionId !== sessionId || (entry.tab !== me && alive.has(entry.tab))) continue;
      const mine = { ...entry, tab: me };
      this.put(mine);
      claimed.push(mine);
    }
    return claimed.sort((a, b) => a.at - b.at);
  }
}
