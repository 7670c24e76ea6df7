import { LiveLog, type Log, type LogState, PAGE, type Surroundings } from './live-log';
import { type ChatMessage, fromWire, insertStored } from './messages';
import type { Paging } from './rest';
import { createRoomRest, type RoomRest } from './room-rest';
import type { Message, Page, Participant, ParticipantsEvent, Room, RoomEvent } from './wire';

/** Messages around one that a link names, while they do not reach the latest ones. */
export interface Around {
  /** Of the message that was sought. */
  seq: number;
  messages: ChatMessage[];
  hasOlder: boolean;
  loading: boolean;
}

export interface RoomState extends LogState {
  roomId: number;
  room: Room | null;
  /** Oneself, and whoever of the others has come furthest, has read everything up to this seq. */
  readSeq: { mine: number; others: number };
  /** Empty until asked for. */
  participants: Participant[];
  /** What people told everybody to notice, newest first. */
  notices: ChatMessage[];
  around: Around | null;
  /** One is no member any more. */
  gone: 'LEFT' | 'REMOVED' | null;
}

/** A plain room as one of its members sees it. */
export interface RoomLog extends Log<RoomState> {
  /** Shows what stands around that message; where the latest ones reach it, those. Before or after `open`. */
  openAround(seq: number): Promise<void>;
  /** The next ones after what `around` shows. */
  loadNewer(): Promise<void>;
  toLatest(): void;
  /** Lets go of what is far above the latest messages, as long as nobody reads there: it comes again when asked for. */
  trim(): void;
  /** Everybody's names and presence, kept up to date from then on. */
  loadParticipants(): Promise<void>;
  leave(): Promise<void>;
  /** Comes in again after leaving. */
  join(): Promise<void>;
}

/** Kept by a trim, once there are twice as many. */
const KEPT = 200;
const NOTICES = 20;
const PEOPLE = 200;
/** People who come and go meanwhile are asked for once. */
const PEOPLE_AGAIN_MS = 2000;

export class LiveRoom extends LiveLog<RoomState> implements RoomLog {
  readonly #rest: RoomRest;
  #sought = 0;
  #peopleWanted = false;
  #peopleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(roomId: number, around: Surroundings) {
    super(roomId, around, {
      roomId,
      room: null,
      readSeq: { mine: 0, others: 0 },
      participants: [],
      notices: [],
      around: null,
      gone: null,
      mySide: 'M',
    });
    this.#rest = createRoomRest(around.rest);
  }

  override open(): void {
    if (this.get().status === 'failed') this.alter({ status: 'loading', error: null });
    super.open();
  }

  async openAround(seq: number): Promise<void> {
    this.#sought = seq;
    if (this.get().status === 'ready') this.#show(await this.#pageAround(seq));
  }

  override async loadOlder(): Promise<void> {
    const { around } = this.get();
    const first = around?.messages[0]?.seq;
    if (!around || !first) return super.loadOlder();
    if (around.hasOlder) await this.#extend({ limit: PAGE, before: String(first) });
  }

  async loadNewer(): Promise<void> {
    const last = this.get().around?.messages.at(-1)?.seq;
    if (last) await this.#extend({ limit: PAGE, before: String(last + PAGE + 1) });
  }

  toLatest(): void {
    this.#sought = 0;
    this.alter({ around: null });
  }

  trim(): void {
    const messages = this.get().messages.slice(-KEPT);
    const first = messages[0]?.seq;
    if (!first || this.get().messages.length < 2 * KEPT) return;
    this.olderFrom = String(first);
    this.alter({ messages, hasOlder: true });
  }

  async loadParticipants(): Promise<void> {
    this.#peopleWanted = true;
    const all: Participant[] = [];
    let before: string | undefined;
    do {
      const page = await this.#rest.participants(this.logId, { limit: PEOPLE, before });
      all.push(...page.items);
      before = page.nextCursor ?? undefined;
      this.#count(page.count, page.onlineCount);
    } while (before);
    this.alter({ participants: all });
  }

  async leave(): Promise<void> {
    await this.#rest.leave(this.logId);
    this.#leftBy('LEFT');
  }

  async join(): Promise<void> {
    const room = await this.#rest.join(this.logId);
    this.alter({ gone: null, room });
    this.release();
    this.open();
  }

  override dispose(): void {
    clearTimeout(this.#peopleTimer);
    super.dispose();
  }

  protected pageOf(paging: Paging): Promise<Page<Message>> {
    return this.#rest.messages(this.logId, paging);
  }

  protected async begin(newest: Promise<Page<Message>>): Promise<Partial<RoomState>> {
    const [room, notices, { items }, sought] = await Promise.all([
      this.#rest.room(this.logId),
      this.#rest.notices(this.logId, { limit: NOTICES }),
      newest,
      this.#sought ? this.#pageAround(this.#sought) : null,
    ]);
    const me = this.around.user.memberId;
    const seen = items.find(item => item.senderId === me && item.isRead === 'Y');
    return {
      around: sought && this.#windowOf(insertStored([], this.#shown(sought)), sought.nextCursor !== null),
      room,
      notices: this.#shown(notices),
      readSeq: { mine: room.lastReadSeq ?? 0, others: seen?.seq ?? 0 },
    };
  }

  protected takeOther(event: RoomEvent): void {
    switch (event.type) {
      case 'PARTICIPANTS':
        return this.#takePeople(event);
      case 'STATE':
        return this.#update(event.room);
      case 'REMOVED':
        return this.#leftBy(event.reason);
      case 'SYNC':
        for (const { readerId, seq } of event.reads) this.readBy(readerId, seq);
        this.#update(event.room);
        if (this.#peopleWanted) this.#askForPeople();
    }
  }

  protected ownRead(): number {
    return this.get().readSeq.mine;
  }

  protected readBy(readerId: number, seq: number): void {
    const { readSeq } = this.get();
    const whose = readerId === this.around.user.memberId ? 'mine' : 'others';
    if (seq > readSeq[whose]) this.alter({ readSeq: { ...readSeq, [whose]: seq } });
    this.countUnread();
  }

  protected override insert(items: Message[], change: Partial<RoomState> | Partial<LogState> = {}): void {
    super.insert(items, change);
    this.#join();
    const told = items.filter(
      ({ messageType, senderType }) => messageType === 'NOTIFICATION' && senderType !== 'S',
    );
    if (told.length === 0) return;
    const notices = [...this.get().notices].reverse();
    this.alter({ notices: insertStored(notices, this.#shown({ items: told })).reverse() });
  }

  /** Half a page below the message, half a page above it. */
  #pageAround(seq: number): Promise<Page<Message>> {
    return this.pageOf({ limit: PAGE, before: String(seq + PAGE / 2 + 1) });
  }

  #shown({ items }: Pick<Page<Message>, 'items'>): ChatMessage[] {
    return items.map(item => fromWire(item, this.around.user.memberId));
  }

  #windowOf(messages: ChatMessage[], hasOlder: boolean): Around {
    return { seq: this.#sought, messages, hasOlder, loading: false };
  }

  /** Adds a page to the window around the sought message. */
  #show(page: Page<Message>): void {
    const { around } = this.get();
    const stored = this.#shown(page);
    const shown = insertStored(around?.messages ?? [], stored);
    const isOldest = shown[0]?.seq === stored.at(-1)?.seq;
    const hasOlder = isOldest ? page.nextCursor !== null : (around?.hasOlder ?? false);
    this.alter({ around: this.#windowOf(shown, hasOlder) });
    this.#join();
  }

  /** Once the window reaches the latest messages, it is put before those. */
  #join(): void {
    const { around, messages } = this.get();
    if (!around) return;
    const [first, last] = [messages[0]?.seq ?? 1, around.messages.at(-1)?.seq ?? 0];
    if (last < first - 1) return;
    const joined = insertStored(messages, around.messages);
    const oldest = joined[0]?.seq;
    if (oldest && oldest < first) {
      this.olderFrom = around.hasOlder ? String(oldest) : null;
      this.alter({ hasOlder: around.hasOlder });
    }
    this.alter({ messages: joined, around: null });
  }

  async #extend(paging: Paging): Promise<void> {
    const { around } = this.get();
    if (!around || around.loading) return;
    this.alter({ around: { ...around, loading: true } });
    const page = await this.pageOf(paging).catch(() => null);
    const now = this.get().around;
    if (now?.seq !== around.seq) return;
    if (page) this.#show(page);
    else this.alter({ around: { ...now, loading: false } });
  }

  #takePeople({ count, onlineCount, participants }: ParticipantsEvent): void {
    this.#count(count, onlineCount);
    if (!this.#peopleWanted) return;
    if (participants.length === count) return this.alter({ participants });
    const here = new Set(participants.filter(one => one.online).map(one => one.memberId));
    const known = this.get().participants.map(one =>
      one.online === here.has(one.memberId) ? one : { ...one, online: here.has(one.memberId) },
    );
    this.alter({ participants: known });
    if (known.length !== count) this.#askForPeople();
  }

  #askForPeople(): void {
    this.#peopleTimer ??= setTimeout(() => {
      this.#peopleTimer = undefined;
      this.loadParticipants().catch(() => {});
    }, PEOPLE_AGAIN_MS);
  }

  #count(participantCount: number, onlineCount: number): void {
    const { room } = this.get();
    if (room) this.alter({ room: { ...room, participantCount, onlineCount } });
  }

  /** Events do not know their reader: what only the reader's own answer says stays. */
  #update(room: Room): void {
    const { room: known } = this.get();
    this.alter({ room: { ...room, joined: known?.joined ?? true, manages: known?.manages ?? false } });
  }

  #leftBy(gone: 'LEFT' | 'REMOVED'): void {
    this.undo?.(true);
    this.undo = null;
    this.alter({ gone, level: false });
  }
}
