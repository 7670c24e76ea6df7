import { type ChatMessage, type Conversation, type ConversationState, lastSeq } from '@maru/client';
import { clockTime, dayName, fullTime, useSharedT } from '@maru/ui';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Icon } from './icons';
import { LinkedText } from './linked-text';
import css from './message-list.module.css';
import { type Row, toRows } from './rows';
import { systemText } from './system-text';
import { useSteadyScroll } from './use-scroll';

/** Rows kept in the page while the reader is at the bottom. */
const ROWS = 400;
/** Scrolled this near to the top, earlier messages are fetched. */
const NEAR_TOP_PX = 160;
const OWN_COMING = /^(joined|left|returned)-member$/;

export interface MessageListProps {
  state: ConversationState;
  conversation: Conversation;
  /** Somebody is looking: what is at the bottom counts as read. */
  attentive: boolean;
  /** Leads to the conversation that this one continues. */
  onEarlier?: () => void;
}

/** A conversation's messages: scrolls, groups, marks what is new, reads out what comes in. */
export function MessageList({ state, conversation, attentive, onEarlier }: MessageListProps) {
  const t = useSharedT();
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const { firstUnreadSeq, hasOlder, loadingOlder } = state;
  const messages = useTold(state);
  const { atBottom, onScroll, toBottom } = useSteadyScroll(box, list, messages);
  const fresh = useFresh(messages, atBottom);
  useReading(state, conversation, attentive && atBottom);
  useJumpOnSend(messages, toBottom);
  const shown = atBottom && messages.length > ROWS ? messages.slice(-ROWS) : messages;

  return (
    <div className={css.frame}>
      <section
        ref={box}
        className={css.box}
        onScroll={() => {
          onScroll();
          if (hasOlder && (box.current?.scrollTop ?? 0) < NEAR_TOP_PX) void conversation.loadOlder();
        }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
        tabIndex={0}
        aria-label={t('messages')}
      >
        {hasOlder && (
          <button
            type="button"
            className={css.older}
            disabled={loadingOlder}
            onClick={() => conversation.loadOlder()}
          >
            {loadingOlder ? t('messages.loading') : t('messages.older')}
          </button>
        )}
        {!hasOlder && onEarlier && (
          <button type="button" className={css.older} onClick={onEarlier}>
            {t('messages.earlier')}
          </button>
        )}
        <ol ref={list} className={css.list}>
          {toRows(shown, firstUnreadSeq).map(row => (
            <MessageRow key={row.message.key} row={row} state={state} conversation={conversation} />
          ))}
        </ol>
      </section>
      {!atBottom && (
        <button type="button" className={css.jump} onClick={toBottom}>
          <Icon name="down" />
          {fresh > 0 ? t('messages.new', { count: fresh }) : t('messages.latest')}
        </button>
      )}
      <Announcer messages={messages} />
    </div>
  );
}

function MessageRow({
  row,
  state,
  conversation,
}: {
  row: Row;
  state: ConversationState;
  conversation: Conversation;
}) {
  const t = useSharedT();
  const { message, newDay, firstUnread } = row;
  return (
    <li>
      {newDay && <p className={css.day}>{dayName(message.at)}</p>}
      {firstUnread && <p className={css.unread}>{t('messages.unread')}</p>}
      {message.senderType === 'S' ? (
        <p className={css.system}>{systemText(message.system, message.content)}</p>
      ) : (
        <Bubble
          row={row}
          readSeq={state.readSeq[state.mySide === 'M' ? 'A' : 'M']}
          conversation={conversation}
        />
      )}
    </li>
  );
}

function Bubble({ row, readSeq, conversation }: { row: Row; readSeq: number; conversation: Conversation }) {
  const t = useSharedT();
  const { message, first, last } = row;
  const sender = message.senderName ?? '';
  const side = message.own ? css.own : css.other;
  return (
    <div className={`${css.message} ${side} ${first ? css.first : ''}`}>
      {!message.own && first && (
        <p className={css.sender}>
          <span className={css.avatar} aria-hidden="true">
            {[...sender][0]}
          </span>
          {sender}
        </p>
      )}
      <div className={css.line}>
        <p className={`${css.bubble} ${last ? css.tail : ''}`} data-state={message.state}>
          {message.own && !first ? null : (
            <span className="visually-hidden">{message.own ? t('messages.me') : ''}</span>
          )}
          <LinkedText text={message.content} />
        </p>
        {(last || message.state !== 'stored') && <Meta message={message} readSeq={readSeq} />}
      </div>
      {message.state === 'failed' && <Failure message={message} conversation={conversation} />}
    </div>
  );
}

function Meta({ message, readSeq }: { message: ChatMessage; readSeq: number }) {
  const t = useSharedT();
  const stage =
    message.state === 'stored'
      ? message.seq !== null && message.seq <= readSeq
        ? 'read'
        : 'stored'
      : message.state;
  return (
    <span className={css.meta}>
      {message.own && (
        <span className={css.tick} data-stage={stage} title={t(`tick.${stage}`)}>
          <Icon name={stage} />
          <span className="visually-hidden">{t(`tick.${stage}`)}</span>
        </span>
      )}
      <time dateTime={message.at} title={fullTime(message.at)}>
        {clockTime(message.at)}
      </time>
    </span>
  );
}

function Failure({ message, conversation }: { message: ChatMessage; conversation: Conversation }) {
  const t = useSharedT();
  return (
    <p className={css.failure}>
      {message.error?.error || t('tick.failed')}
      <button type="button" onClick={() => conversation.retry(message.key)}>
        {t('retry')}
      </button>
      <button type="button" onClick={() => conversation.discard(message.key)}>
        {t('messages.discard')}
      </button>
    </p>
  );
}

/** Customers know when they come and go themselves. */
function useTold({ messages, mySide }: ConversationState): ChatMessage[] {
  return useMemo(
    () => (mySide === 'A' ? messages : messages.filter(({ system }) => !OWN_COMING.test(system?.code ?? ''))),
    [messages, mySide],
  );
}

/** Reads out each message that comes in while the list is open, once; what scrolling brings in stays silent. */
function Announcer({ messages }: { messages: ChatMessage[] }) {
  const said = useRef<number | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    const last = lastSeq(messages);
    if (last === 0) return;
    const news = messages.filter(
      message => said.current !== null && !message.own && (message.seq ?? 0) > said.current,
    );
    said.current = last;
    if (news.length > 0) setText(news.map(spoken).join(' '));
  }, [messages]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}

function spoken(message: ChatMessage): string {
  const text = systemText(message.system, message.content);
  return message.senderName ? `${message.senderName}: ${text}` : text;
}

/** How many messages of others came while the reader was further up. */
function useFresh(messages: ChatMessage[], atBottom: boolean): number {
  const last = lastSeq(messages);
  const seen = useRef(last);
  if (atBottom) seen.current = last;
  return messages.filter(message => !message.own && (message.seq ?? 0) > seen.current).length;
}

function useReading(
  { messages, level }: ConversationState,
  conversation: Conversation,
  reading: boolean,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: new messages are what is read
  useEffect(() => {
    if (reading && level) conversation.markRead();
  }, [reading, level, messages, conversation]);
}

/** One's own new message is always shown. */
function useJumpOnSend(messages: ChatMessage[], toBottom: () => void): void {
  const last = messages.at(-1);
  const key = last?.state === 'pending' ? last.key : '';
  const before = useRef(key);
  useEffect(() => {
    if (key && key !== before.current) toBottom();
    before.current = key;
  });
}
