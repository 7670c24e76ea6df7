import type { ChatMessage, Conversation, ConversationState } from '@maru/client';
import { type Row, toRows, useAttention } from '@maru/react';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type CacheSnapshot, Virtualizer, type VirtualizerHandle } from 'virtua';
import { DownIcon } from '../shell/icons';
import { useT } from '../texts';
import styles from './log.module.css';
import { LogLine } from './log-line';

const NEAR_PX = 48;
const OLDER_PX = 400;
const BUFFER_PX = 600;

interface Place {
  offset: number;
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
  const rows = useMemo(() => toRows(messages, firstUnreadSeq), [messages, firstUnreadSeq]);
  const [kept] = useState(() => usable(places.get(sessionId), rows.length));
  const [atEnd, setAtEnd] = useState(kept?.atEnd ?? true);
  const [nearTop, setNearTop] = useState(false);
  const [seen, setSeen] = useState(0);
  const attention = useAttention();
  const prepended = usePrepended(messages[0]?.seq ?? null);
  const toEnd = () => list.current?.scrollToIndex(rows.length - 1, { align: 'end' });

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, before the first paint
  useLayoutEffect(() => {
    if (kept !== null && !kept.atEnd) list.current?.scrollTo(kept.offset);
    else toEnd();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs for each new last row
  useLayoutEffect(() => {
    if (atEnd) toEnd();
  }, [rows.at(-1)?.message.key]);
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
    places.set(sessionId, { offset, atEnd: end, cache: handle.cache, rows: rows.length });
    setAtEnd(end);
    setNearTop(offset < OLDER_PX);
    setSeen(lastSeqAt(rows, handle.findItemIndex(offset + handle.viewportSize - 1)));
    if (offset < OLDER_PX && hasOlder && !loadingOlder) void conversation.loadOlder();
  };

  const newest = lastSeqAt(rows, rows.length - 1);
  const inSight = atEnd ? newest : seen;
  useEffect(() => {
    if (mine && attention && inSight > 0) conversation.markRead(inSight);
  }, [conversation, mine, attention, inSight]);

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
          cache={kept?.cache}
          onScroll={remember}
        >
          {rows.map(row => (
            <div key={row.message.key} className={styles.row} data-seq={row.message.seq}>
              <LogLine
                row={row}
                readByCustomer={readSeq.M}
                onRetry={key => conversation.retry(key)}
                onDiscard={key => conversation.discard(key)}
              />
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

/** A kept place serves only a log that has at least the rows of then. */
function usable(place: Place | undefined, rows: number): Place | null {
  return place !== undefined && place.rows <= rows ? place : null;
}

function lastSeqAt(rows: readonly Row[], index: number): number {
  return rows.slice(0, index + 1).findLast(row => row.message.seq !== null)?.message.seq ?? 0;
}

/** Begins at the new-messages line, once, when it is known and the log has no place of its own to return to. */
function useUnreadInSight(
  rows: readonly Row[],
  firstUnreadSeq: number | null,
  wanted: boolean,
  show: (index: number) => void,
): void {
  const done = useRef(!wanted);
  useLayoutEffect(() => {
    if (done.current || firstUnreadSeq === null) return;
    done.current = true;
    show(rows.findIndex(row => row.firstUnread));
  });
}

/** True for the one render in which older messages came in before the first. */
function usePrepended(firstSeq: number | null): boolean {
  const before = useRef(firstSeq);
  const now = before.current !== null && firstSeq !== null && firstSeq < before.current;
  useEffect(() => {
    before.current = firstSeq;
  }, [firstSeq]);
  return now;
}
