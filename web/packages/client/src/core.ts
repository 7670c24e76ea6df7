import type { Auth, AuthOptions, Bearer } from './auth';
import type { Connection } from './connection';
import { type Conversation, LiveConversation } from './conversation';
import { createHttp } from './http';
import { Link } from './link';
import type { LiveLog, Surroundings } from './live-log';
import { Outbox } from './outbox';
import { type CustomerRest, createCustomerRest } from './rest';
import { browserStorage, type Storage } from './storage';
import type { Store } from './store';
import { browserTabs, type Tabs } from './tabs';
import type { ErrorEvent, User } from './wire';

export type Locale = 'ko' | 'en';

export interface CoreOptions {
  /** Of the server, without a slash at the end; the page's own origin if none. */
  baseUrl?: string;
  locale: Locale;
  /** Keeps the log-ins of several programs on one origin apart (`customer`, `console`). */
  namespace?: string;
  storage?: Storage;
  tabs?: Tabs;
  /** For tests and other run times. */
  webSocket?: (url: string, protocols: string[]) => WebSocket;
  fetch?: typeof fetch;
  random?: () => number;
  now?: () => number;
}

/** What a customer's page needs. */
export interface CustomerMaru {
  connection: Store<Connection>;
  auth: Auth;
  rest: CustomerRest;
  connect(): void;
  close(): void;
  setLocale(locale: Locale): void;
  /** False where the browser keeps nothing: log-in and unsent messages last for this visit only. */
  storageKept: boolean;
  /** The same object for the same session while the same user is logged in. Needs a log-in. */
  conversation(sessionId: number): Conversation;
  /** What the server refused on this connection, other than messages. Returns its undo. */
  onRefusal(listener: (event: ErrorEvent) => void): () => void;
}

/** The log of that number, the same while the same user is logged in. A number never names two kinds of rooms. */
export type OpenLog = <Kind extends LiveLog>(
  id: number,
  Kind: new (id: number, around: Surroundings) => Kind,
) => Kind;

/** Puts the parts together. `cookies`: the browser's cookies go along with REST. */
export function assemble(
  options: CoreOptions,
  cookies: boolean,
  createAuth: (options: AuthOptions) => Auth & Bearer,
): { maru: CustomerMaru; link: Link; openLog: OpenLog } {
  const { namespace = 'maru', now = Date.now, random = Math.random } = options;
  const storage = options.storage ?? browserStorage();
  const tabs = options.tabs ?? browserTabs(storage.tab);
  const baseUrl = options.baseUrl ?? globalThis.location?.origin ?? '';
  let locale = options.locale;

  const http = createHttp({
    baseUrl,
    locale: () => locale,
    cookies,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
  });
  const auth = createAuth({ namespace, http, lasting: storage.lasting, tabs, now });
  const link = new Link({
    url: `${baseUrl.replace(/^http/, 'ws')}/ws`,
    bearer: auth,
    locale: () => locale,
    webSocket: options.webSocket ?? ((url, protocols) => new WebSocket(url, protocols)),
    random,
    now,
  });
  const rest = createCustomerRest(http, auth);
  const logs = new Map<number, LiveLog>();
  const refusals = new Set<(event: ErrorEvent) => void>();

  link.subscribe({
    destination: '/user/queue/errors',
    onEvent(body) {
      const event = body as ErrorEvent;
      for (const log of logs.values()) if (log.refused(event)) return;
      for (const listener of [...refusals]) listener(event);
    },
  });
  wakeWith(link);
  forgetOnUserChange(auth, logs, link);

  const openLog: OpenLog = (id, Kind) => {
    const known = logs.get(id);
    if (known) return known as InstanceType<typeof Kind>;
    const user = userOf(auth);
    if (!user) throw new Error('log in first');
    const outbox = new Outbox(String(user.memberId), storage.lasting, tabs, now);
    const log = new Kind(id, { link, rest, outbox, tabs, user });
    logs.set(id, log);
    return log;
  };

  const maru: CustomerMaru = {
    connection: link.connection,
    auth,
    rest,
    storageKept: storage.kept,
    connect: () => link.start(),
    close: () => link.stop(),
    setLocale(next) {
      locale = next;
    },
    conversation: sessionId => openLog(sessionId, LiveConversation),
    onRefusal(listener) {
      refusals.add(listener);
      return () => refusals.delete(listener);
    },
  };
  return { maru, link, openLog };
}

/** The browser says that the network or the page is back. */
function wakeWith(link: Link): void {
  globalThis.addEventListener?.('online', () => link.wake());
  globalThis.addEventListener?.('pageshow', () => link.wake());
  globalThis.document?.addEventListener('visibilitychange', () => {
    if (!document.hidden) link.wake();
  });
}

/**
 * Another user, another past: nothing of the one before may be shown or sent. A log-in that ran out keeps everything
 * for the return of the same user.
 */
function forgetOnUserChange(auth: Auth, logs: Map<number, LiveLog>, link: Link): void {
  let last = userOf(auth);
  auth.state.subscribe(() => {
    const next = userOf(auth);
    if (next === null) return link.stop();
    if (last !== null && next.memberId !== last.memberId) {
      for (const log of logs.values()) log.dispose();
      logs.clear();
      link.stop();
    }
    last = next;
  });
}

function userOf(auth: Auth): User | null {
  const state = auth.state.get();
  return state.status === 'signedIn' ? state.user : null;
}
