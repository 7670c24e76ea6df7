import type { ChatMessage, Conversation, ConversationState } from '@maru/client';
import { type LogItem, logItems, useAttention, usePrepended, useUnreadInSight } from '@maru/react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type CacheSnapshot, Virtualizer, type VirtualizerHandle } from 'virtua';
import { readAgain } from '../live/unread';
import { DownIcon } from '../shell/icons';
import { useT } from '../texts';
import styles from './log.module.css';
import { DayLine, LogLine, NewLine } from './log-line';

const NEAR_PX = 48;
const OLDER_PX = 400;
const BUFFER_PX = 600;

interface Place {
  /** The first line in sight, and how far it is scrolled out above. */
  key: string;
  out: number;
  atEnd: boolean;
  cache: CacheSnapshot;
  rows: number;
}

/** Where each conversation was scrolled to, while this page lives. */
const places = new Map<number, Place>();

interface Props {
  conversation: Conversation;
  state: ConversationState;
  /** Only the assigned agent's reading counts. */
  mine: boolean;
}

/**
 * The messages of a conversation. What is under the eye stays there: when older ones come, when new ones come, when
 * the agent comes back to it.
 */
export function Log({ conversation, state, mine }: Props) {
  const t = useT();
  const list = useRef<VirtualizerHandle>(null);
  const { messages, hasOlder, loadingOlder, firstUnreadSeq, readSeq, sessionId } = state;
  const rows = useMemo(
    () => logItems(messages, firstUnreadSeq, hasOlder),
    [messages, firstUnreadSeq, hasOlder],
  );
  const [kept] = useState(() => places.get(sessionId) ?? null);
  const [atEnd, setAtEnd] = useState(kept?.atEnd ?? true);
  const [nearTop, setNearTop] = useState(false);
  const [seen, setSeen] = useState(0);
  const attention = useAttention();
  const prepended = usePrepended(messages[0]?.seq ?? null);
  const toEnd = () => list.current?.scrollToIndex(rows.length - 1, { align: 'end' });

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, before the first paint
  useLayoutEffect(() => {
    const index = kept === null || kept.atEnd ? -1 : rows.findIndex(item => item.key === kept.key);
    if (index < 0) toEnd();
    else list.current?.scrollToIndex(index, { align: 'start', offset: kept?.out ?? 0 });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new last row
  useLayoutEffect(() => {
    if (atEnd) toEnd();
  }, [rows.at(-1)?.key]);
  useUnreadInSight(rows, firstUnreadSeq, kept === null, index =>
    list.current?.scrollToIndex(index, { align: 'start' }),
  );
  const ownPending = messages.at(-1)?.state === 'pending' ? messages.at(-1)?.key : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: one's own new message is always shown
  useLayoutEffect(() => {
    if (ownPending !== undefined) toEnd();
  }, [ownPending]);

  const remember = (offset: number) => {
    const handle = list.current;
    if (handle === null) return;
    const end = handle.scrollSize - handle.viewportSize - offset < NEAR_PX;
    places.set(sessionId, {
      ...firstLine(rows, handle, offset),
      atEnd: end,
      cache: handle.cache,
      rows: rows.length,
    });
    setAtEnd(end);
    setNearTop(offset < OLDER_PX);
    setSeen(lastSeqAt(rows, handle.findItemIndex(offset + handle.viewportSize - 1)));
    if (offset < OLDER_PX && hasOlder && !loadingOlder) void conversation.loadOlder();
  };

  const newest = lastSeqAt(rows, rows.length - 1);
  const inSight = atEnd ? newest : seen;
  useEffect(() => {
    if (!mine || !attention || inSight === 0) return;
    conversation.markRead(inSight);
    readAgain(sessionId);
  }, [conversation, mine, attention, inSight, sessionId]);

  const below = useNewBelow(messages, inSight, mine ? readSeq.A : newest);
  return (
    <div className={styles.frame}>
      {hasOlder && nearTop && (
        <div className={styles.older}>
          <button
            type="button"
            className="button small"
            disabled={loadingOlder}
            onClick={() => void conversation.loadOlder()}
          >
            {t(loadingOlder ? 'conversation.loadingOlder' : 'conversation.older')}
          </button>
        </div>
      )}
      <section
        className={styles.list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
        tabIndex={0}
        aria-label={t('conversation.messages')}
      >
        <Virtualizer
          ref={list}
          as="ol"
          item="li"
          bufferSize={BUFFER_PX}
          shift={prepended}
          cache={kept?.rows === rows.length ? kept.cache : undefined}
          onScroll={remember}
        >
          {rows.map(item => (
            <div key={item.key} className={styles.row} data-seq={seqOf(item)}>
              {item.kind === 'day' && <DayLine at={item.at} />}
              {item.kind === 'new' && <NewLine />}
              {item.kind === 'line' && (
                <LogLine
                  row={item.row}
                  readByCustomer={readSeq.M}
                  onRetry={key => conversation.retry(key)}
                  onDiscard={key => conversation.discard(key)}
                />
              )}
            </div>
          ))}
        </Virtualizer>
      </section>
      {!atEnd && (
        <button type="button" className={styles.jump} onClick={toEnd}>
          <DownIcon />
          {below > 0 ? t('conversation.jumpCount', { count: below }) : t('conversation.jump')}
        </button>
      )}
    </div>
  );
}

/** How many messages of others lie below what has been read before and what has been in sight since. */
function useNewBelow(messages: readonly ChatMessage[], inSight: number, read: number): number {
  const [reached, setReached] = useState(read);
  useEffect(() => setReached(before => Math.max(before, inSight)), [inSight]);
  return messages.filter(message => !message.own && (message.seq ?? 0) > reached).length;
}

/** Dividers come and go; a line is there whenever its message is. */
function firstLine(
  rows: readonly LogItem[],
  handle: VirtualizerHandle,
  offset: number,
): { key: string; out: number } {
  const from = handle.findItemIndex(offset);
  const index = rows.findIndex((item, at) => at >= from && item.kind === 'line');
  return { key: rows[index]?.key ?? '', out: index < 0 ? 0 : offset - handle.getItemOffset(index) };
}

function seqOf(item: LogItem): number | undefined {
  return item.kind === 'line' ? (item.row.message.seq ?? undefined) : undefined;
}

function lastSeqAt(items: readonly LogItem[], index: number): number {
  const last = items.slice(0, index + 1).findLast(item => seqOf(item) !== undefined);
  return (last && seqOf(last)) ?? 0;
}
