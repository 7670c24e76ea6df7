import { asMaruError, type MaruError } from './error';
import type { Link, ReceiptHeaders, Subscription } from './link';
import { type ChatMessage, fromOutbox, fromWire, insertStored, lastSeq } from './messages';
import type { Outbox, OutboxEntry } from './outbox';
import type { CustomerRest, Paging } from './rest';
import { type Cell, cell, type Store } from './store';
import type { Tabs } from './tabs';
import type { ErrorEvent, Message, Page, ReadEvent, Side, TypingEvent, User } from './wire';

export interface Typist {
  memberId: number;
  side: Side;
}

/** What every kind of room has. */
export interface LogState {
  /** `failed`: it cannot be read, `error` says why. */
  status: 'loading' | 'ready' | 'failed';
  error: MaruError | null;
  /** Everything up to now has come and what follows comes at once. */
  level: boolean;
  /** Stored ones by seq, then own ones not yet stored in the order they were written. */
  messages: ChatMessage[];
  hasOlder: boolean;
  loadingOlder: boolean;
  /** Where the "new messages" line stands: the first unread one when it was opened. */
  firstUnreadSeq: number | null;
  unread: number;
  typing: Typist[];
  /** The side of whoever is logged in; in a room without sides M. */
  mySide: 'M' | 'A';
}

/** A room's messages as one reader sees them. `open` it while it is on screen, `release` it after. */
export interface Log<State extends LogState = LogState> extends Store<State> {
  open(): void;
  release(): void;
  /** Shown at once, kept over reloads, sent in order; returns its clientMessageId. */
  send(text: string): string;
  retry(clientMessageId: string): void;
  discard(clientMessageId: string): void;
  loadOlder(): Promise<void>;
  /** Everything up to `seq` (the last, if none) was seen. */
  markRead(seq?: number): void;
  /** Call at every key press; false when the text is empty again. */
  typing(active?: boolean): void;
}

export interface Surroundings {
  link: Link;
  rest: CustomerRest;
  outbox: Outbox;
  tabs: Tabs;
  user: User;
}

/** SYNC: everything that was missed has come. */
type LogEvent = Message | ReadEvent | TypingEvent | { type: 'SYNC' };

export const PAGE = 50;
const TYPING_SHOWN_MS = 5000;
const TYPING_SENT_EVERY_MS = 3000;
const READ_GATHER_MS = 250;
const ANSWER_MS = 15_000;
const TRIES = 5;
const LOAD_AGAIN_MS = 3000;

/**
 * History, then live without a hole; own messages sent in order, each once; read marks and typing. What a kind of room
 * has besides stands in the classes that extend it.
 */
export abstract class LiveLog<State extends LogState = LogState> implements Log<State> {
  protected readonly around: Surroundings;
  protected readonly logId: number;
  /** The topic, while it is on screen; `true` where the server has ended the subscription. */
  protected undo: ((ended?: boolean) => void) | null = null;
  protected olderFrom: string | null = null;
  readonly #state: Cell<State>;
  readonly #undoConnection: () => void;
  /** Empty until claimed. */
  #tab = '';
  #users = 0;
  #dividerWanted = false;
  /** Set in the order written; the first is the one being sent. */
  #waiting: OutboxEntry[] = [];
  #claimed = false;
  #inFlight: { id: string; timer: ReturnType<typeof setTimeout> } | null = null;
  #tries = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #typists = new Map<number, ReturnType<typeof setTimeout>>();
  #typingSentAt = 0;
  #readWanted = 0;
  #readTimer: ReturnType<typeof setTimeout> | undefined;
  #loadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, around: Surroundings, begin: Omit<State, Exclude<keyof LogState, 'mySide'>>) {
    this.logId = id;
    this.around = around;
    const empty: Omit<LogState, 'mySide'> = {
      status: 'loading',
      error: null,
      level: false,
      messages: [],
      hasOlder: false,
      loadingOlder: false,
      firstUnreadSeq: null,
      unread: 0,
      typing: [],
    };
    this.#state = cell({ ...empty, ...begin } as State);
    this.#undoConnection = around.link.connection.subscribe(() => {
      if (around.link.connection.get().status !== 'live') this.#lostConnection();
    });
  }

  get = (): State => this.#state.get();
  subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

  /** Some messages, newest first. */
  protected abstract pageOf(paging: Paging): Promise<Page<Message>>;
  /** What is known beside the messages, once they are here; `newest` are the newest first. */
  protected abstract begin(newest: Promise<Page<Message>>): Promise<Partial<State>>;
  /** What else comes on the topic, SYNC too. */
  protected abstract takeOther(event: unknown): void;
  /** Up to which message whoever is logged in has read. */
  protected abstract ownRead(): number;
  protected abstract readBy(readerId: number, seq: number): void;

  open(): void {
    this.#users += 1;
    if (this.#users > 1) return;
    this.#dividerWanted = true;
    void this.#enter();
  }

  release(): void {
    this.#users = Math.max(0, this.#users - 1);
    if (this.#users > 0) return;
    clearTimeout(this.#loadTimer);
    this.undo?.();
    this.undo = null;
    this.alter({ level: false, firstUnreadSeq: null });
  }

  send(text: string): string {
    const entry = this.around.outbox.add(this.logId, text, this.#tab);
    this.#waiting.push(entry);
    this.#showWaiting();
    this.typing(false);
    this.#pump();
    return entry.clientMessageId;
  }

  retry(clientMessageId: string): void {
    this.#goOn(clientMessageId);
  }

  discard(clientMessageId: string): void {
    this.#settled(clientMessageId);
  }

  async loadOlder(): Promise<void> {
    const { hasOlder, loadingOlder } = this.get();
    if (!hasOlder || loadingOlder || this.olderFrom === null) return;
    this.alter({ loadingOlder: true });
    try {
      const page = await this.pageOf({ limit: PAGE, before: this.olderFrom });
      this.olderFrom = page.nextCursor;
      this.insert(page.items, { hasOlder: page.nextCursor !== null });
    } catch (cause) {
      if (asMaruError(cause).code !== 'network') throw cause;
    } finally {
      this.alter({ loadingOlder: false });
    }
  }

  markRead(seq = lastSeq(this.get().messages)): void {
    if (seq <= this.ownRead() || this.unreadOnes().length === 0) return;
    this.#readWanted = seq;
    this.readBy(this.around.user.memberId, seq);
    this.#readTimer ??= setTimeout(() => this.#sendRead(), READ_GATHER_MS);
  }

  typing(active = true): void {
    const now = Date.now();
    const due = active ? now - this.#typingSentAt >= TYPING_SENT_EVERY_MS : this.#typingSentAt !== 0;
    if (!due) return;
    if (this.around.link.send('/app/chat.typing', { sessionId: this.logId, typing: active })) {
      this.#typingSentAt = active ? now : 0;
    }
  }

  /** An error on /user/queue/errors. True when it was about a message written here. */
  refused(event: ErrorEvent): boolean {
    const id = event.clientMessageId;
    const entry = this.#waiting.find(waiting => waiting.clientMessageId === id);
    if (!id || !entry) return false;
    this.#clearInFlight();
    const passing = event.code === 'rate_limited' || event.code === 'unavailable';
    if (passing && this.#tries < TRIES) {
      const delay = (event.retryAfter ?? 0) * 1000 || 500 * 2 ** this.#tries;
      this.#tries += 1;
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#pump(), delay);
      return true;
    }
    this.#tries = 0;
    this.#goOn(id, { code: event.code, error: event.error });
    return true;
  }

  /** Ends every timer and subscription; for when another user logs in. */
  dispose(): void {
    this.#users = 0;
    this.release();
    this.#undoConnection();
    this.#lostConnection();
    for (const timer of [this.#pause, this.#readTimer]) clearTimeout(timer);
  }

  /** History over REST, then the topic from where history ended: no hole between the two. */
  async #enter(): Promise<void> {
    try {
      await this.#claim();
      if (this.get().status !== 'ready') await this.#load();
    } catch (cause) {
      return this.#loadFailed(asMaruError(cause));
    }
    if (this.#users > 0 && !this.undo) this.undo = this.around.link.subscribe(this.#subscription());
  }

  #loadFailed(error: MaruError): void {
    const passing = error.code === 'network' || error.status >= 500 || error.status === 429;
    this.alter(passing ? { error } : { status: 'failed', error });
    if (passing && this.#users > 0) {
      this.#loadTimer = setTimeout(() => void this.#enter(), error.retryAfterMs ?? LOAD_AGAIN_MS);
    }
  }

  async #claim(): Promise<void> {
    if (this.#claimed) return;
    this.#tab = await this.around.tabs.id;
    const written = this.#waiting;
    this.#waiting = await this.around.outbox.claim(this.logId);
    for (const entry of written) {
      if (!this.#waiting.some(known => known.clientMessageId === entry.clientMessageId))
        this.#waiting.push(entry);
    }
    this.#claimed = true;
    this.#showWaiting();
  }

  async #load(): Promise<void> {
    const newest = this.pageOf({ limit: PAGE });
    const [{ items, nextCursor }, change] = await Promise.all([newest, this.begin(newest)]);
    this.olderFrom = nextCursor;
    this.insert(items, { status: 'ready', error: null, hasOlder: nextCursor !== null, ...change });
  }

  #subscription(): Subscription {
    return {
      destination: `/topic/chat/${this.logId}`,
      headers: () => ({ 'after-seq': String(lastSeq(this.get().messages)) }),
      onEvent: event => this.#take(event as LogEvent),
      onRefused: error => this.#subscriptionRefused(error),
    };
  }

  /** A cursor the server does not know: what we hold is of another past. Begin again. */
  #subscriptionRefused(error: MaruError): void {
    this.undo = null;
    if (error.code !== 'cursor_unknown') return this.alter({ status: 'failed', error, level: false });
    this.alter({ messages: [], status: 'loading', level: false });
    if (this.#users > 0) void this.#enter();
  }

  #take(event: LogEvent): void {
    switch (event.type) {
      case 'MESSAGE':
        return this.#takeMessage(event);
      case 'READ':
        return this.readBy(event.readerId, event.seq);
      case 'TYPING':
        return this.#takeTyping(event);
      default:
        this.takeOther(event);
        if (event.type === 'SYNC') this.#levelNow();
    }
  }

  #levelNow(): void {
    if (this.#dividerWanted) this.alter({ firstUnreadSeq: this.unreadOnes()[0]?.seq ?? null });
    this.#dividerWanted = false;
    this.alter({ level: true });
    if (this.#readWanted > 0) this.#sendRead();
    this.#pump();
  }

  #takeMessage(message: Message): void {
    if (message.senderId !== null) this.#stoppedTyping(message.senderId);
    this.insert([message]);
    if (message.clientMessageId && message.senderId === this.around.user.memberId) {
      this.#settled(message.clientMessageId);
    }
  }

  #takeTyping({ memberId, senderType, typing }: TypingEvent): void {
    if (memberId === this.around.user.memberId) return;
    this.#stoppedTyping(memberId);
    if (!typing) return;
    this.#typists.set(
      memberId,
      setTimeout(() => this.#stoppedTyping(memberId), TYPING_SHOWN_MS),
    );
    this.alter({ typing: [...this.get().typing, { memberId, side: senderType }] });
  }

  #stoppedTyping(memberId: number): void {
    clearTimeout(this.#typists.get(memberId));
    if (!this.#typists.delete(memberId)) return;
    this.alter({ typing: this.get().typing.filter(typist => typist.memberId !== memberId) });
  }

  protected insert(items: Message[], change: Partial<State> | Partial<LogState> = {}): void {
    const me = this.around.user.memberId;
    const stored = items.map(item => fromWire(item, me));
    this.alter({ ...change, messages: insertStored(this.get().messages, stored) });
    this.countUnread();
  }

  protected countUnread(): void {
    this.alter({ unread: this.unreadOnes().length });
  }

  protected unreadOnes(): ChatMessage[] {
    const read = this.ownRead();
    return this.get().messages.filter(
      ({ own, senderType, seq }) => !own && senderType !== 'S' && seq !== null && seq > read,
    );
  }

  #sendRead(): void {
    clearTimeout(this.#readTimer);
    this.#readTimer = undefined;
    const message = this.get().messages.findLast(({ seq }) => seq !== null && seq <= this.#readWanted);
    if (!message?.messageId) return;
    const body = { sessionId: this.logId, messageId: message.messageId };
    if (this.around.link.send('/app/chat.markAsRead', body)) this.#readWanted = 0;
  }

  /** Sends the oldest waiting message and no other before its answer, so that order survives refusals. */
  #pump(): void {
    if (this.#inFlight || !this.get().level) return;
    const entry = this.#waiting.find(waiting => !waiting.failed);
    if (!entry) return;
    const { clientMessageId, content } = entry;
    const body = { sessionId: this.logId, content, messageType: 'TEXT', clientMessageId };
    const sent = this.around.link.send('/app/chat.sendMessage', body, headers =>
      this.#stored(entry, headers),
    );
    if (!sent) return;
    const timer = setTimeout(() => {
      this.#clearInFlight();
      this.#pump();
    }, ANSWER_MS);
    this.#inFlight = { id: clientMessageId, timer };
  }

  /** RECEIPT: it is stored. Of a repeat the message itself came long ago or comes with the history. */
  #stored(entry: OutboxEntry, headers: ReceiptHeaders): void {
    const { messages } = this.get();
    const seq = Number(headers.seq);
    const message = messages.find(({ key }) => key === entry.clientMessageId);
    if (message && message.seq === null && seq > 0) {
      const messageId = Number(headers['message-id']);
      this.alter({
        messages: insertStored(messages, [{ ...message, state: 'stored', seq, messageId, error: null }]),
      });
    }
    this.#settled(entry.clientMessageId);
  }

  /** Stored or thrown away: it is no longer ours to send. */
  #settled(clientMessageId: string): void {
    this.around.outbox.remove(clientMessageId);
    this.#waiting = this.#waiting.filter(entry => entry.clientMessageId !== clientMessageId);
    if (this.#inFlight?.id === clientMessageId) {
      this.#clearInFlight();
      this.#tries = 0;
    }
    this.#showWaiting();
    this.#pump();
  }

  /** Goes on, with that message or, if it `failed`, with the next. */
  #goOn(clientMessageId: string, failed?: OutboxEntry['failed']): void {
    this.#waiting = this.#waiting.map(entry => {
      if (entry.clientMessageId !== clientMessageId) return entry;
      const next = { ...entry, failed };
      this.around.outbox.put(next);
      return next;
    });
    this.#showWaiting();
    this.#pump();
  }

  #showWaiting(): void {
    const stored = this.get().messages.filter(message => message.seq !== null);
    const known = new Set(stored.map(message => message.key));
    const waiting = this.#waiting.filter(entry => !known.has(entry.clientMessageId));
    const mine = waiting.map(entry => fromOutbox(entry, this.around.user, this.get().mySide));
    this.alter({ messages: [...stored, ...mine] });
  }

  #clearInFlight(): void {
    clearTimeout(this.#inFlight?.timer);
    this.#inFlight = null;
  }

  #lostConnection(): void {
    this.#clearInFlight();
    this.#typingSentAt = 0;
    for (const memberId of [...this.#typists.keys()]) this.#stoppedTyping(memberId);
    if (this.get().level) this.alter({ level: false });
  }

  protected alter(change: Partial<State> | Partial<LogState>): void {
    const state = this.get();
    const next: State = { ...state, ...change };
    const keys = Object.keys(change) as (keyof State)[];
    if (keys.some(key => !Object.is(state[key], next[key]))) this.#state.set(next);
  }
}
