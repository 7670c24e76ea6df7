import { LiveLog, type Log, type LogState, type Surroundings } from './live-log';
import type { Paging } from './rest';
import type { ConversationEvent, Message, Page, SupportSession, User } from './wire';

export interface ConversationState extends LogState {
  sessionId: number;
  session: SupportSession | null;
  /** Each side has read everything up to this seq. */
  readSeq: { M: number; A: number };
}

/** One support session as its reader sees it. */
export interface Conversation extends Log<ConversationState> {
  /** Tells the other side, once per coming, that we are here. */
  announce(): void;
  /** Takes a session that a REST answer carried. What the topic told meanwhile may be newer: `udate` says it. */
  update(session: SupportSession): void;
}

export function sideOf(user: User): 'M' | 'A' {
  return user.roles.includes('AGENT') || user.roles.includes('ADMIN') ? 'A' : 'M';
}

export class LiveConversation extends LiveLog<ConversationState> implements Conversation {
  #announceWanted = false;

  constructor(sessionId: number, around: Surroundings) {
    super(sessionId, around, {
      sessionId,
      session: null,
      readSeq: { M: 0, A: 0 },
      mySide: sideOf(around.user),
    });
  }

  override markRead(seq?: number): void {
    const { mySide, session } = this.get();
    const mine = session && (mySide === 'M' ? session.memberId : session.adminId);
    if (mine === this.around.user.memberId) super.markRead(seq);
  }

  announce(): void {
    this.#announceWanted = true;
    if (this.get().level) this.#sendAnnouncement();
  }

  /** Events carry no unread count: ours stays. */
  update(change: Partial<SupportSession>): void {
    const { session, unread } = this.get();
    this.alter({ session: { ...session, ...change, unreadCount: unread } as SupportSession });
  }

  protected pageOf(paging: Paging): Promise<Page<Message>> {
    return this.around.rest.messages(this.logId, paging);
  }

  protected async begin(newest: Promise<Page<Message>>): Promise<Partial<ConversationState>> {
    const session = await this.around.rest.session(this.logId);
    return { session, readSeq: marksOf((await newest).items) };
  }

  protected takeOther(event: ConversationEvent): void {
    switch (event.type) {
      case 'STATE':
        return this.update(event.session);
      case 'QUEUE':
        return this.update({ queuePosition: event.queuePosition });
      case 'SYNC':
        for (const { readerId, seq } of event.reads ?? []) this.readBy(readerId, seq);
        this.update(event.session);
        if (this.#announceWanted) this.#sendAnnouncement();
    }
  }

  protected ownRead(): number {
    const { mySide, readSeq } = this.get();
    return readSeq[mySide];
  }

  protected readBy(readerId: number, seq: number): void {
    const { readSeq, session } = this.get();
    const side = readerId === session?.memberId ? 'M' : 'A';
    if (seq > readSeq[side]) this.alter({ readSeq: { ...readSeq, [side]: seq } });
    this.countUnread();
  }

  #sendAnnouncement(): void {
    if (this.around.link.send('/app/chat.addUser', { sessionId: this.logId })) this.#announceWanted = false;
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
