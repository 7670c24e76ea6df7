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
import { decoder, encode, type Frame } from './stomp';
import { type Cell, cell } from './store';
import { randomId } from './tabs';

const HEARTBEAT_MS = 10_000;
const CONNECT_MS = 10_000;
/** Heart-beats missed before a connection is taken for dead. */
const MISSED = 2.5;

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
  socket: WebSocket | null;
  token: string | null;
  refusal: MaruError | null;
  heardAt: number;
  /** Silence that means death: the server may beat more slowly than we asked, or not at all. */
  silenceMs: number;
  timer: ReturnType<typeof setInterval> | undefined;
}

/** One STOMP connection kept alive: made, lost, made again, with all its subscriptions. */
export class Link {
  readonly connection: Cell<Connection> = cell<Connection>({ status: 'idle' });
  readonly #options: LinkOptions;
  readonly #subscriptions = new Map<Subscription, string>();
  readonly #receipts = new Map<string, (headers: ReceiptHeaders) => void>();
  /** SUBSCRIBEs not yet answered, by receipt. */
  readonly #pending = new Map<string, Subscription>();
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
    this.#frame('DISCONNECT', {});
    this.#end('stopped');
  }

  /** The network or the page is back: do not wait for the timer, and do not trust a silent connection. */
  wake(): void {
    const { status } = this.connection.get();
    if (status === 'waiting') this.#retry();
    if (
      status === 'live' &&
      this.#attempt &&
      this.#options.now() - this.#attempt.heardAt > this.#attempt.silenceMs
    ) {
      this.#lose('network', 0);
    }
  }

  /** Returns its undo, which is told `true` when the server itself has ended the subscription. */
  subscribe(subscription: Subscription): (ended?: boolean) => void {
    const id = `s${randomId().slice(0, 8)}`;
    this.#subscriptions.set(subscription, id);
    if (this.connection.get().status === 'live') this.#subscribeNow(subscription, id);
    return ended => {
      if (this.#subscriptions.delete(subscription) && !ended) this.#frame('UNSUBSCRIBE', { id });
    };
  }

  /** False when there is no connection; then nothing was sent. */
  send(destination: string, body: unknown, onReceipt?: (headers: ReceiptHeaders) => void): boolean {
    const headers: Record<string, string> = { destination, 'content-type': 'application/json' };
    if (onReceipt) headers.receipt = this.#receipt(onReceipt);
    return this.#frame('SEND', headers, JSON.stringify(body));
  }

  #frame(command: string, headers: Record<string, string>, body?: string): boolean {
    if (this.connection.get().status !== 'live') return false;
    this.#attempt?.socket?.send(encode(command, headers, body));
    return true;
  }

  #receipt(onReceipt: (headers: ReceiptHeaders) => void): string {
    const id = randomId();
    this.#receipts.set(id, onReceipt);
    return id;
  }

  #move(action: ConnectionAction): void {
    this.connection.set(reduceConnection(this.connection.get(), action));
  }

  async #try(): Promise<void> {
    const { bearer, url, webSocket, now } = this.#options;
    const attempt: Attempt = {
      socket: null,
      token: null,
      refusal: null,
      heardAt: now(),
      silenceMs: 0,
      timer: undefined,
    };
    this.#attempt = attempt;
    try {
      attempt.token = await bearer.token();
    } catch {
      if (attempt === this.#attempt) this.#lose('network');
      return;
    }
    if (attempt !== this.#attempt) return;
    const socket = webSocket(url, ['v12.stomp']);
    attempt.socket = socket;
    this.#listen(attempt, socket);
    this.#timer = setTimeout(() => this.#lose('network'), CONNECT_MS);
  }

  /**
   * Every byte is a sign of life. A heart-beat is answered at once while the page is hidden: browsers hold back the
   * timers of hidden pages, and the server must not take that for our death.
   */
  #listen(attempt: Attempt, socket: WebSocket): void {
    const decode = decoder(frame => attempt === this.#attempt && this.#take(attempt, frame));
    socket.onopen = () => socket.send(encode('CONNECT', this.#connectHeaders(attempt)));
    socket.onclose = ({ code }) => {
      if (attempt === this.#attempt) this.#closed(attempt, code);
    };
    socket.onmessage = ({ data }) => {
      attempt.heardAt = this.#options.now();
      if (data === '\n' && globalThis.document?.hidden) socket.send('\n');
      decode(String(data));
    };
  }

  #connectHeaders({ token }: Attempt): Record<string, string> {
    const headers: Record<string, string> = {
      'accept-version': '1.2',
      host: new URL(this.#options.url).host,
      'heart-beat': `${HEARTBEAT_MS},${HEARTBEAT_MS}`,
      'accept-language': this.#options.locale(),
    };
    if (token) headers.Authorization = `Bearer ${token}`;
    return headers;
  }

  #take(attempt: Attempt, frame: Frame): void {
    const { command, headers, body } = frame;
    if (command === 'CONNECTED') this.#opened(attempt, headers['heart-beat']);
    if (command === 'ERROR') this.#refused(attempt, frame);
    if (command === 'RECEIPT') {
      const id = headers['receipt-id'] ?? '';
      const onReceipt = this.#receipts.get(id);
      this.#receipts.delete(id);
      onReceipt?.(headers);
    }
    if (command === 'MESSAGE') {
      for (const [subscription, id] of this.#subscriptions) {
        if (id === headers.subscription) return subscription.onEvent(JSON.parse(body));
      }
    }
  }

  #beat(attempt: Attempt): void {
    if (this.#options.now() - attempt.heardAt > attempt.silenceMs) this.#lose('network', 0);
    else attempt.socket?.send('\n');
  }

  #opened(attempt: Attempt, heartBeat = '0,0'): void {
    const beatMs = Number.parseInt(heartBeat, 10);
    attempt.silenceMs = beatMs ? MISSED * Math.max(beatMs, HEARTBEAT_MS) : Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    attempt.timer = setInterval(() => this.#beat(attempt), HEARTBEAT_MS);
    this.#renewed = false;
    this.#move({ type: 'opened', at: this.#options.now() });
    for (const [subscription, id] of [...this.#subscriptions]) this.#subscribeNow(subscription, id);
  }

  #subscribeNow(subscription: Subscription, id: string): void {
    const receipt = this.#receipt(() => {
      this.#pending.delete(receipt);
      if (this.#subscriptions.has(subscription)) subscription.onOpen?.();
    });
    this.#pending.set(receipt, subscription);
    const { destination } = subscription;
    this.#frame('SUBSCRIBE', { ...subscription.headers?.(), destination, id, receipt });
  }

  /** An ERROR frame. If it answers a SUBSCRIBE, that one is dropped, or we would be closed for it for ever. */
  #refused(attempt: Attempt, { headers }: Frame): void {
    const { code = 'unknown', message = '' } = headers;
    attempt.refusal = new MaruError(code, message, 0);
    const subscription = this.#pending.get(headers['receipt-id'] ?? '');
    if (!subscription || code === 'unauthenticated') return;
    this.#subscriptions.delete(subscription);
    this.#lose('refused', 0);
    subscription.onRefused?.(attempt.refusal);
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
    clearInterval(this.#attempt?.timer);
    this.#receipts.clear();
    this.#pending.clear();
    this.#attempt?.socket?.close(1000);
    this.#attempt = null;
  }

  #retry(): void {
    clearTimeout(this.#timer);
    if (this.connection.get().status !== 'waiting') return;
    this.#move({ type: 'retry' });
    void this.#try();
  }
}
