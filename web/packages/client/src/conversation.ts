import { asMaruError, type MaruError } from './error';
import type { Link, ReceiptHeaders, Subscription } from './link';
import { type ChatMessage, fromOutbox, fromWire, insertStored, lastSeq } from './messages';
import type { Outbox, OutboxEntry } from './outbox';
import type { CustomerRest } from './rest';
import { type Cell, cell, type Store } from './store';
import type { Tabs } from './tabs';
import type { ConversationEvent, ErrorEvent, Message, Side, SupportSession, TypingEvent, User } from './wire';

export interface Typist {
  memberId: number;
  side: Side;
}

export interface ConversationState {
  sessionId: number;
  /** `failed`: it cannot be read, `error` says why. */
  status: 'loading' | 'ready' | 'failed';
  error: MaruError | null;
  /** Everything up to now has come and what follows comes at once. */
  level: boolean;
  session: SupportSession | null;
  /** Stored ones by seq, then own ones not yet stored in the order they were written. */
  messages: ChatMessage[];
  hasOlder: boolean;
  loadingOlder: boolean;
  /** Where the "new messages" line stands: the first unread one when the conversation was opened. */
  firstUnreadSeq: number | null;
  unread: number;
  typing: Typist[];
  /** Each side has read everything up to this seq. */
  readSeq: { M: number; A: number };
  /** The side of whoever is logged in. */
  mySide: 'M' | 'A';
}

/** One support session as its reader sees it. `open` it while it is on screen, `release` it after. */
export interface Conversation extends Store<ConversationState> {
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
  /** Tells the other side, once per coming, that we are here. */
  announce(): void;
  /** Takes a session that a REST answer carried. */
  update(session: SupportSession): void;
}

export interface Surroundings {
  link: Link;
  rest: CustomerRest;
  outbox: Outbox;
  tabs: Tabs;
  user: User;
}

const PAGE = 50;
const TYPING_SHOWN_MS = 5000;
const TYPING_SENT_EVERY_MS = 3000;
const READ_GATHER_MS = 250;
const ANSWER_MS = 15_000;
const TRIES = 5;
const LOAD_AGAIN_MS = 3000;

export function sideOf(user: User): 'M' | 'A' {
  return user.roles.includes('AGENT') || user.roles.includes('ADMIN') ? 'A' : 'M';
}

export class LiveConversation implements Conversation {
  readonly #state: Cell<ConversationState>;
  readonly #around: Surroundings;
  readonly #id: number;
  readonly #undoConnection: () => void;
  /** Empty until claimed. */
  #tab = '';
  #users = 0;
  #dividerWanted = false;
  #undo: (() => void) | null = null;
  #announceWanted = false;
  #cursor: string | null = null;
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

  constructor(sessionId: number, around: Surroundings) {
    this.#id = sessionId;
    this.#around = around;
    this.#state = cell<ConversationState>({
      sessionId,
      status: 'loading',
      error: null,
      level: false,
      session: null,
      messages: [],
      hasOlder: false,
      loadingOlder: false,
      firstUnreadSeq: null,
      unread: 0,
      typing: [],
      readSeq: { M: 0, A: 0 },
      mySide: sideOf(around.user),
    });
    this.#undoConnection = around.link.connection.subscribe(() => {
      if (around.link.connection.get().status !== 'live') this.#lostConnection();
    });
  }

  get = (): ConversationState => this.#state.get();
  subscribe = (listener: () => void): (() => void) => this.#state.subscribe(listener);

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
    this.#undo?.();
    this.#undo = null;
    this.#patch({ level: false, firstUnreadSeq: null });
  }

  send(text: string): string {
    const entry = this.#around.outbox.add(this.#id, text, this.#tab);
    this.#waiting.push(entry);
    this.#showWaiting();
    this.typing(false);
    this.#pump();
    return entry.clientMessageId;
  }

  retry(clientMessageId: string): void {
    this.#edit(clientMessageId, ({ failed, ...entry }) => entry);
    this.#pump();
  }

  discard(clientMessageId: string): void {
    this.#settled(clientMessageId);
  }

  async loadOlder(): Promise<void> {
    const { hasOlder, loadingOlder } = this.get();
    if (!hasOlder || loadingOlder || this.#cursor === null) return;
    this.#patch({ loadingOlder: true });
    try {
      const page = await this.#around.rest.messages(this.#id, { limit: PAGE, before: this.#cursor });
      this.#cursor = page.nextCursor;
      this.#insert(page.items, { hasOlder: page.nextCursor !== null });
    } catch (cause) {
      if (asMaruError(cause).code !== 'network') throw cause;
    } finally {
      this.#patch({ loadingOlder: false });
    }
  }

  markRead(seq = lastSeq(this.get().messages)): void {
    const { mySide, readSeq, session } = this.get();
    const mine =
      session && (mySide === 'M' ? session.memberId : session.adminId) === this.#around.user.memberId;
    if (!mine || seq <= readSeq[mySide]) return;
    if (this.#unread().length === 0) return;
    this.#readWanted = seq;
    this.#setRead(mySide, seq);
    this.#readTimer ??= setTimeout(() => this.#sendRead(), READ_GATHER_MS);
  }

  typing(active = true): void {
    const now = Date.now();
    const due = active ? now - this.#typingSentAt >= TYPING_SENT_EVERY_MS : this.#typingSentAt !== 0;
    if (!due) return;
    if (this.#around.link.send('/app/chat.typing', { sessionId: this.#id, typing: active })) {
      this.#typingSentAt = active ? now : 0;
    }
  }

  announce(): void {
    this.#announceWanted = true;
    if (this.get().level) this.#sendAnnouncement();
  }

  update(session: SupportSession): void {
    this.#takeSession(session);
  }

  /** An error on /user/queue/errors. True when it was about a message of this conversation. */
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
    this.#edit(id, waiting => ({ ...waiting, failed: { code: event.code, error: event.error } }));
    this.#pump();
    return true;
  }

  /** Ends every timer and subscription; for when another user logs in. */
  dispose(): void {
    this.#users = 0;
    this.#undoConnection();
    this.#undo?.();
    this.#undo = null;
    this.#lostConnection();
    for (const timer of [this.#pause, this.#readTimer, this.#loadTimer, ...this.#typists.values()])
      clearTimeout(timer);
  }

  /** History over REST, then the topic from where history ended: no hole between the two. */
  async #enter(): Promise<void> {
    try {
      await this.#claim();
      if (this.#state.get().session === null) await this.#load();
    } catch (cause) {
      return this.#loadFailed(asMaruError(cause));
    }
    if (this.#users > 0 && !this.#undo) this.#undo = this.#around.link.subscribe(this.#subscription());
  }

  #loadFailed(error: MaruError): void {
    const passing = error.code === 'network' || error.status >= 500 || error.status === 429;
    this.#patch(passing ? { error } : { status: 'failed', error });
    if (passing && this.#users > 0) {
      this.#loadTimer = setTimeout(() => void this.#enter(), error.retryAfterMs ?? LOAD_AGAIN_MS);
    }
  }

  async #claim(): Promise<void> {
    if (this.#claimed) return;
    this.#tab = await this.#around.tabs.id;
    const written = this.#waiting;
    this.#waiting = await this.#around.outbox.claim(this.#id);
    for (const entry of written) {
      if (!this.#waiting.some(known => known.clientMessageId === entry.clientMessageId))
        this.#waiting.push(entry);
    }
    this.#claimed = true;
    this.#showWaiting();
  }

  async #load(): Promise<void> {
    const { rest } = this.#around;
    const [session, page] = await Promise.all([
      rest.session(this.#id),
      rest.messages(this.#id, { limit: PAGE }),
    ]);
    this.#cursor = page.nextCursor;
    this.#insert(page.items, {
      status: 'ready',
      error: null,
      session,
      hasOlder: page.nextCursor !== null,
      readSeq: marksOf(page.items),
    });
  }

  #subscription(): Subscription {
    return {
      destination: `/topic/chat/${this.#id}`,
      headers: () => ({ 'after-seq': String(lastSeq(this.get().messages)) }),
      onEvent: event => this.#take(event as ConversationEvent),
      onRefused: error => this.#subscriptionRefused(error),
    };
  }

  /** A cursor the server does not know: what we hold is of another past. Begin again. */
  #subscriptionRefused(error: MaruError): void {
    this.#undo = null;
    if (error.code !== 'cursor_unknown') return this.#patch({ status: 'failed', error, level: false });
    this.#patch({ messages: [], session: null, status: 'loading', level: false });
    if (this.#users > 0) void this.#enter();
  }

  #take(event: ConversationEvent): void {
    switch (event.type) {
      case 'MESSAGE':
        return this.#takeMessage(event);
      case 'READ':
        return this.#readBy(event.readerId, event.seq, this.get().session);
      case 'TYPING':
        return this.#takeTyping(event);
      case 'STATE':
        return this.#takeSession(event.session);
      case 'QUEUE':
        return this.#patchSession({ queuePosition: event.queuePosition });
      case 'SYNC':
        for (const { readerId, seq } of event.reads ?? []) this.#readBy(readerId, seq, event.session);
        this.#takeSession(event.session);
        this.#patch({ level: true });
        return this.#levelNow();
    }
  }

  #levelNow(): void {
    if (this.#dividerWanted) this.#patch({ firstUnreadSeq: this.#unread()[0]?.seq ?? null });
    this.#dividerWanted = false;
    if (this.#announceWanted) this.#sendAnnouncement();
    if (this.#readWanted > 0) this.#sendRead();
    this.#pump();
  }

  #takeMessage(message: Message): void {
    if (message.senderId !== null) this.#stoppedTyping(message.senderId);
    this.#insert([message]);
    if (message.clientMessageId && message.senderId === this.#around.user.memberId) {
      this.#settled(message.clientMessageId);
    }
  }

  #readBy(readerId: number, seq: number, session: SupportSession | null): void {
    if (session) this.#setRead(readerId === session.memberId ? 'M' : 'A', seq);
  }

  #setRead(side: 'M' | 'A', seq: number): void {
    const { readSeq } = this.get();
    if (seq > readSeq[side]) this.#patch({ readSeq: { ...readSeq, [side]: seq } });
    this.#countUnread();
  }

  #takeTyping({ memberId, senderType, typing }: TypingEvent): void {
    if (memberId === this.#around.user.memberId) return;
    this.#stoppedTyping(memberId);
    if (!typing) return;
    this.#typists.set(
      memberId,
      setTimeout(() => this.#stoppedTyping(memberId), TYPING_SHOWN_MS),
    );
    this.#patch({ typing: [...this.get().typing, { memberId, side: senderType }] });
  }

  #stoppedTyping(memberId: number): void {
    clearTimeout(this.#typists.get(memberId));
    if (!this.#typists.delete(memberId)) return;
    this.#patch({ typing: this.get().typing.filter(typist => typist.memberId !== memberId) });
  }

  /** Events carry no unread count: ours stays. */
  #takeSession(session: SupportSession): void {
    this.#patch({ session: { ...session, unreadCount: this.get().unread } });
  }

  #patchSession(change: Partial<SupportSession>): void {
    const { session } = this.get();
    if (session) this.#patch({ session: { ...session, ...change } });
  }

  #insert(items: Message[], change: Partial<ConversationState> = {}): void {
    const me = this.#around.user.memberId;
    const stored = items.map(item => fromWire(item, me));
    this.#patch({ ...change, messages: insertStored(this.get().messages, stored) });
    this.#countUnread();
  }

  #countUnread(): void {
    this.#patch({ unread: this.#unread().length });
  }

  #unread(): ChatMessage[] {
    const { messages, readSeq, mySide } = this.get();
    return messages.filter(
      ({ own, senderType, seq }) => !own && senderType !== 'S' && seq !== null && seq > readSeq[mySide],
    );
  }

  #sendRead(): void {
    clearTimeout(this.#readTimer);
    this.#readTimer = undefined;
    const message = this.get().messages.findLast(({ seq }) => seq !== null && seq <= this.#readWanted);
    if (!message?.messageId) return;
    const body = { sessionId: this.#id, messageId: message.messageId };
    if (this.#around.link.send('/app/chat.markAsRead', body)) this.#readWanted = 0;
  }

  #sendAnnouncement(): void {
    if (this.#around.link.send('/app/chat.addUser', { sessionId: this.#id })) this.#announceWanted = false;
  }

  /** Sends the oldest waiting message and no other before its answer, so that order survives refusals. */
  #pump(): void {
    if (this.#inFlight || !this.get().level) return;
    const entry = this.#waiting.find(waiting => !waiting.failed);
    if (!entry) return;
    const { clientMessageId, content } = entry;
    const body = { sessionId: this.#id, content, messageType: 'TEXT', clientMessageId };
    const sent = this.#around.link.send('/app/chat.sendMessage', body, headers =>
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
      this.#patch({
        messages: insertStored(messages, [{ ...message, state: 'stored', seq, messageId, error: null }]),
      });
    }
    this.#settled(entry.clientMessageId);
  }

  /** Stored or thrown away: it is no longer ours to send. */
  #settled(clientMessageId: string): void {
    this.#around.outbox.remove(clientMessageId);
    this.#waiting = this.#waiting.filter(entry => entry.clientMessageId !== clientMessageId);
    if (this.#inFlight?.id === clientMessageId) {
      this.#clearInFlight();
      this.#tries = 0;
    }
    this.#showWaiting();
    this.#pump();
  }

  #edit(clientMessageId: string, change: (entry: OutboxEntry) => OutboxEntry): void {
    this.#waiting = this.#waiting.map(entry => {
      if (entry.clientMessageId !== clientMessageId) return entry;
      const next = change(entry);
      this.#around.outbox.put(next);
      return next;
    });
    this.#showWaiting();
  }

  #showWaiting(): void {
    const stored = this.get().messages.filter(message => message.seq !== null);
    const known = new Set(stored.map(message => message.key));
    const waiting = this.#waiting.filter(entry => !known.has(entry.clientMessageId));
    const mine = waiting.map(entry => fromOutbox(entry, this.#around.user, this.get().mySide));
    this.#patch({ messages: [...stored, ...mine] });
  }

  #clearInFlight(): void {
    clearTimeout(this.#inFlight?.timer);
    this.#inFlight = null;
  }

  #lostConnection(): void {
    this.#clearInFlight();
    this.#typingSentAt = 0;
    for (const memberId of [...this.#typists.keys()]) this.#stoppedTyping(memberId);
    if (this.get().level) this.#patch({ level: false });
  }

  #patch(change: Partial<ConversationState>): void {
    const state = this.#state.get();
    const keys = Object.keys(change) as (keyof ConversationState)[];
    if (keys.some(key => !Object.is(state[key], change[key]))) this.#state.set({ ...state, ...change });
  }
}

/** Read marks as the messages themselves tell them. */
function marksOf(messages: Message[]): { M: number; A: number } {
  const marks = { M: 0, A: 0 };
  for (const { senderType, isRead, seq } of messages) {
    if (isRead !== 'Y' || senderType === 'S') continue;
    const reader = senderType === 'M' ? 'A' : 'M';
    marks[reader] = Math.max(marks[reader], seq);
  }
  return marks;
}
