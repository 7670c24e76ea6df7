import type { RoomLog, RoomState } from '@maru/client';
import {
  Announcer,
  Bubble,
  Icon,
  type LogItem,
  logItems,
  systemText,
  useFresh,
  useJumpOnSend,
  usePrepended,
  useReading,
  useUnreadInSight,
} from '@maru/react';
import { dayName, fullTime } from '@maru/ui';
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useT } from '../texts';
import css from './log.module.css';

const NEAR_PX = 48;
const MORE_PX = 400;
const BUFFER_PX = 600;

interface LogProps {
  state: RoomState;
  log: RoomLog;
  /** Somebody is looking: what is at the bottom counts as read. */
  attentive: boolean;
  /** The message that a link leads to. */
  seq: number | null;
  /** The reader was here a moment ago, and what was new then is so no more. */
  returning: boolean;
  toLatest(): void;
}

/**
 * What is said in a room: the latest, or what stands around the message of a link. What is under the eye stays there,
 * whatever comes in above or below. Mounted anew for each message that is gone to.
 */
export function Log({ state, log, attentive, seq, returning, toLatest }: LogProps) {
  const t = useT();
  const list = useRef<VirtualizerHandle>(null);
  const box = useRef<HTMLElement>(null);
  const { around, loadingOlder } = state;
  const { messages, hasOlder } = around ?? state;
  const divider = useDivider(state, returning);
  const rows = useMemo(() => logItems(messages, divider, hasOlder), [messages, divider, hasOlder]);
  const sought = seq === null ? -1 : rows.findIndex(item => seqOf(item) === seq);
  const [atEnd, setAtEnd] = useState(sought < 0);
  const [nearTop, setNearTop] = useState(false);
  const prepended = usePrepended(messages[0]?.seq ?? null);
  const isLatest = atEnd && around === null;
  const fresh = useFresh(state.messages, isLatest);
  const toEnd = () => list.current?.scrollToIndex(rows.length - 1, { align: 'end' });

  // Once, before the first paint.
  useLayoutEffect(() => {
    if (sought < 0) toEnd();
    else list.current?.scrollToIndex(sought, { align: 'center' });
  }, []);
  // For each new last row.
  useLayoutEffect(() => {
    if (isLatest) toEnd();
  }, [rows.at(-1)?.key]);
  useUnreadInSight(rows, divider, sought < 0, index =>
    list.current?.scrollToIndex(index, { align: 'start' }),
  );
  const { length } = messages;
  // Looked at whenever there is another message.
  useEffect(() => {
    if (isLatest) log.trim();
  }, [log, isLatest, length]);
  useResize(box, () => {
    if (isLatest) toEnd();
  });
  useReading(state, log, attentive && isLatest);
  useJumpOnSend(state.messages, () => {
    if (around) toLatest();
    else toEnd();
  });

  const onScroll = (offset: number) => {
    const below = belowOf(box.current);
    setAtEnd(below < NEAR_PX);
    setNearTop(offset < MORE_PX);
    if (offset < MORE_PX && hasOlder) void log.loadOlder();
    if (below < MORE_PX && around) void log.loadNewer();
  };
  const loading = around?.loading ?? loadingOlder;

  return (
    <div className={css.frame}>
      {hasOlder && nearTop && (
        <div className={css.older}>
          <button type="button" disabled={loading} onClick={() => void log.loadOlder()}>
            {t(loading ? 'messages.loading' : 'messages.older')}
          </button>
        </div>
      )}
      <section
        ref={box}
        className={css.box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
        tabIndex={0}
        aria-label={t('messages')}
      >
        {rows.length === 0 && <p className={css.empty}>{t('rooms.nothing')}</p>}
        <Virtualizer
          ref={list}
          as="ol"
          item="li"
          bufferSize={BUFFER_PX}
          shift={prepended}
          onScroll={onScroll}
        >
          {rows.map(item => (
            <div
              key={item.key}
              className={css.row}
              data-seq={seqOf(item)}
              data-pointed={(seq !== null && seqOf(item) === seq) || undefined}
            >
              <Line item={item} state={state} log={log} />
            </div>
          ))}
        </Virtualizer>
      </section>
      {!isLatest && (
        <button type="button" className={css.jump} onClick={around ? toLatest : toEnd}>
          <Icon name="down" />
          {around && <span className={css.where}>{t('rooms.around')}</span>}
          {fresh > 0 ? t('messages.new', { count: fresh }) : t('messages.latest')}
        </button>
      )}
      <Announcer messages={useSpoken(state)} />
    </div>
  );
}

/** How much of the log is below what is shown, in pixels. */
function belowOf(box: HTMLElement | null): number {
  return box === null ? 0 : box.scrollHeight - box.clientHeight - box.scrollTop;
}

/** The message box grows with its text, and notices fold and unfold. */
function useResize(box: RefObject<HTMLElement | null>, onResize: () => void): void {
  const now = useRef(onResize);
  now.current = onResize;
  useEffect(() => {
    if (box.current === null) return;
    const observer = new ResizeObserver(() => now.current());
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
}

function Line({ item, state, log }: { item: LogItem; state: RoomState; log: RoomLog }) {
  const t = useT();
  if (item.kind === 'day') return <p className={css.day}>{dayName(item.at)}</p>;
  if (item.kind === 'new') return <p className={css.new}>{t('messages.unread')}</p>;
  const { message } = item.row;
  if (message.senderType === 'S') {
    return (
      <p className={css.system} title={fullTime(message.at)}>
        {systemText(message.system, message.content)}
      </p>
    );
  }
  const told = message.messageType === 'NOTIFICATION';
  return (
    <div className={css.said} data-told={told || undefined} data-own={message.own || undefined}>
      {told && <p className={css.label}>{t('rooms.notice')}</p>}
      <Bubble row={item.row} readSeq={state.readSeq.others} conversation={log} />
    </div>
  );
}

/** Where the "new messages" line stands: nowhere until the first unread one is among the messages here. */
function useDivider({ messages, readSeq, firstUnreadSeq }: RoomState, returning: boolean): number | null {
  const [read] = useState(readSeq.mine);
  if (returning || firstUnreadSeq === null || (messages[0]?.seq ?? 1) > read + 1) return null;
  const first = messages.find(({ own, senderType, seq }) => !own && senderType !== 'S' && (seq ?? 0) > read);
  return first?.seq ?? null;
}

/** As they are read out: a notice is called one. */
function useSpoken({ messages }: RoomState) {
  const t = useT();
  return useMemo(
    () =>
      messages.map(message =>
        message.messageType === 'NOTIFICATION' && message.senderType !== 'S'
          ? { ...message, senderName: `${t('rooms.notice')}, ${message.senderName}` }
          : message,
      ),
    [messages, t],
  );
}

function seqOf(item: LogItem): number | undefined {
  return item.kind === 'line' ? (item.row.message.seq ?? undefined) : undefined;
}
