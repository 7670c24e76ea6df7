import { Client, type IFrame } from '@stomp/stompjs';
import type { Bearer } from './auth';
import { backoffMs } from './backoff';
import {
  type ClosedReason,
  type Connection,
  type ConnectionAction,
  closeMeaning,
  failedAttempts,
  type LostCause,
  reduceConnection,
} from './connection';
import { MaruError } from './error';
import { type Cell, cell } from './store';
import { randomId } from './tabs';

const HEARTBEAT_MS = 10_000;
/** Silence after which a connection found on waking up is taken for dead. */
const STALE_MS = 2.5 * HEARTBEAT_MS;

export interface LinkOptions {
  url: string;
  bearer: Bearer;
  locale(): string;
  webSocket(url: string, protocols: string[]): WebSocket;
  random(): number;
  now(): number;
}

/** A subscription that is made again after every reconnection until it is undone or refused. */
export interface Subscription {
  destination: string;
  /** Headers of the moment, `after-seq` above all. */
  headers?(): Record<string, string>;
  /** The server has made it (RECEIPT). */
  onOpen?(): void;
  onEvent(body: unknown): void;
  /** The server will not have it; it is not tried again. */
  onRefused?(error: MaruError): void;
}

export type ReceiptHeaders = Record<string, string>;

interface Attempt {
  client: Client;
  token: string | null;
  refusal: MaruError | null;
  heardAt: number;
}

/** One STOMP connection kept alive: made, lost, made again, with all its subscriptions. */
export class Link {
  readonly connection: Cell<Connection> = cell<Connection>({ status: 'idle' });
  readonly #options: LinkOptions;
  readonly #subscriptions = new Map<Subscription, string>();
  readonly #receipts = new Map<string, Subscription>();
  #attempt: Attempt | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  start(): void {
    const before = this.connection.get();
    this.#move({ type: 'start' });
    if (this.connection.get() !== before) void this.#try();
  }

  /** Says goodbye (DISCONNECT) and stays closed until `start`. */
  stop(): void {
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = null;
    this.#move({ type: 'ended', reason: 'stopped' });
    void attempt?.client.deactivate();
  }

  /** The network or the page is back: do not wait for the timer, and do not trust a silent connection. */
  wake(): void {
    const { status } = this.connection.get();
    if (status === 'waiting') this.#retry();
    if (status === 'live' && this.#attempt && this.#options.now() - this.#attempt.heardAt > STALE_MS) {
      this.#lose('network', 0);
    }
  }

  subscribe(subscription: Subscription): () => void {
    const id = `s${randomId().slice(0, 8)}`;
    this.#subscriptions.set(subscription, id);
    if (this.connection.get().status === 'live') this.#subscribeNow(subscription, id);
    return () => {
      if (!this.#subscriptions.delete(subscription)) return;
      if (this.connection.get().status === 'live') this.#attempt?.client.unsubscribe(id);
    };
  }

  /** False when there is no connection; then nothing was sent. */
  send(destination: string, body: unknown, onReceipt?: (headers: ReceiptHeaders) => void): boolean {
    if (this.connection.get().status !== 'live' || !this.#attempt) return false;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (onReceipt) {
      headers.receipt = randomId();
      this.#attempt.client.watchForReceipt(headers.receipt, frame => onReceipt(frame.headers));
    }
    this.#attempt.client.publish({ destination, headers, body: JSON.stringify(body) });
    return true;
  }

  #move(action: ConnectionAction): void {
    this.connection.set(reduceConnection(this.connection.get(), action));
  }

  async #try(): Promise<void> {
    const { bearer, url, locale, webSocket, now } = this.#options;
    const attempt: Attempt = { client: new Client(), token: null, refusal: null, heardAt: now() };
    this.#attempt = attempt;
    try {
      attempt.token = await bearer.token();
    } catch {
      if (attempt === this.#attempt) this.#lose('network');
      return;
    }
    if (attempt !== this.#attempt) return;
    const connectHeaders: Record<string, string> = { 'accept-language': locale() };
    if (attempt.token) connectHeaders.Authorization = `Bearer ${attempt.token}`;
    attempt.client.configure({
      connectHeaders,
      reconnectDelay: 0,
      connectionTimeout: 10_000,
      heartbeatIncoming: HEARTBEAT_MS,
      heartbeatOutgoing: HEARTBEAT_MS,
      webSocketFactory: () => this.#listen(attempt, webSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp'])),
      onConnect: () => attempt === this.#attempt && this.#opened(),
      onStompError: frame => this.#refused(attempt, frame),
      onWebSocketClose: event => attempt === this.#attempt && this.#closed(attempt, event.code),
    });
    attempt.client.activate();
  }

  /**
   * Notes every sign of life. A heart-beat is answered at once while the page is hidden: browsers hold back the
   * timers of hidden pages, and the server must not take that for our death.
   */
  #listen(attempt: Attempt, socket: WebSocket): WebSocket {
    socket.addEventListener('message', event => {
      attempt.heardAt = this.#options.now();
      if (event.data === '\n' && globalThis.document?.hidden) socket.send('\n');
    });
    return socket;
  }

  #opened(): void {
    this.#renewed = false;
    this.#move({ type: 'opened', at: this.#options.now() });
    for (const [subscription, id] of [...this.#subscriptions]) this.#subscribeNow(subscription, id);
  }

  #subscribeNow(subscription: Subscription, id: string): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    const receipt = randomId();
    this.#receipts.set(receipt, subscription);
    attempt.client.watchForReceipt(receipt, () => {
      this.#receipts.delete(receipt);
      if (this.#subscriptions.has(subscription)) subscription.onOpen?.();
    });
    attempt.client.subscribe(
      subscription.destination,
      frame => {
        if (attempt === this.#attempt && this.#subscriptions.has(subscription)) {
          subscription.onEvent(JSON.parse(frame.body));
        }
      },
      { ...subscription.headers?.(), id, receipt },
    );
  }

  /** An ERROR frame. If it answers a SUBSCRIBE, that one is dropped, or we would be closed for it for ever. */
  #refused(attempt: Attempt, frame: IFrame): void {
    if (attempt !== this.#attempt) return;
    attempt.refusal = new MaruError(frame.headers.code ?? 'unknown', frame.headers.message ?? '', 0);
    const receipt = frame.headers['receipt-id'];
    const subscription = receipt ? this.#receipts.get(receipt) : undefined;
    if (subscription && attempt.refusal.code !== 'unauthenticated') {
      this.#subscriptions.delete(subscription);
      this.#lose('refused', 0);
      subscription.onRefused?.(attempt.refusal);
    }
  }

  #closed(attempt: Attempt, code: number): void {
    const meaning = closeMeaning(attempt.refusal?.code === 'unauthenticated' ? 4401 : code);
    if (meaning.next === 'end') this.#end(meaning.reason);
    else if (meaning.next === 'refreshLogin') void this.#renewLogin(attempt);
    else
      this.#lose(
        globalThis.navigator?.onLine === false ? 'offline' : meaning.cause,
        meaning.soon ? 0 : undefined,
      );
  }

  /** One new token for one refusal: refused again at once, the log-in is over. */
  async #renewLogin(attempt: Attempt): Promise<void> {
    if (this.#renewed) return this.#end('expired');
    this.#renewed = true;
    try {
      const renewed = await this.#options.bearer.renew(attempt.token);
      if (attempt !== this.#attempt) return;
      if (renewed) this.#lose('refused', 0);
      else this.#end('expired');
    } catch {
      this.#renewed = false;
      if (attempt === this.#attempt) this.#lose('network');
    }
  }

  #end(reason: ClosedReason): void {
    this.#drop();
    this.#move({ type: 'ended', reason });
  }

  #lose(cause: LostCause, delayMs?: number): void {
    this.#drop();
    const { now, random } = this.#options;
    const delay = delayMs ?? backoffMs(failedAttempts(this.connection.get(), now()) + 1, random);
    this.#move({ type: 'lost', cause, at: now(), retryAt: now() + delay });
    this.#timer = setTimeout(() => this.#retry(), delay);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#receipts.clear();
    const attempt = this.#attempt;
    this.#attempt = null;
    if (attempt?.client.active) void attempt.client.deactivate({ force: true });
  }

  #retry(): void {
    clearTimeout(this.#timer);
    if (this.connection.get().status !== 'waiting') return;
    this.#move({ type: 'retry' });
    void this.#try();
  }
}
