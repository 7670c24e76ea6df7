import type { ChatMessage, Conversation, ConversationState } from '@maru/client';
import { dayName, useSharedT } from '@maru/ui';
import { useMemo, useRef } from 'react';
import { Announcer } from './announcer';
import { Bubble } from './bubble';
import { Icon } from './icons';
import css from './message-list.module.css';
import { type Row, toRows } from './rows';
import { systemText } from './system-text';
import { useFresh, useJumpOnSend, useReading } from './use-reading';
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

/** Customers know when they come and go themselves. */
function useTold({ messages, mySide }: ConversationState): ChatMessage[] {
  return useMemo(
    () => (mySide === 'A' ? messages : messages.filter(({ system }) => !OWN_COMING.test(system?.code ?? ''))),
    [messages, mySide],
  );
}
