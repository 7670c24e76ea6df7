import {
  type ChatMessage,
  type ExitReason,
  fromWire,
  MaruError,
  type Message,
  type Page,
  type SupportSession,
} from '@maru/client';
import { logItems } from '@maru/react';
import { fullTime } from '@maru/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DayLine, LogLine } from '../conversation/log-line';
import { waitsSince } from '../live/open-sessions';
import { HISTORY_KEY } from '../live/queries';
import { maru, sentenceOf } from '../maru';
import { EmptyPlace } from '../shell/empty';
import { BackIcon, LinkIcon } from '../shell/icons';
import { Score } from '../shell/score';
import { StatusMark } from '../shell/status';
import { useTitle } from '../shell/title';
import { toast } from '../shell/toasts';
import { useT } from '../texts';
import { downloadTranscript } from './download';
import styles from './history-detail-page.module.css';

interface Detail {
  session: SupportSession | null;
  messages: Page<Message>;
}

async function fetchPage(id: number, before: string | null): Promise<Detail> {
  if (before === null) return maru.rest.admin.historyDetail(id);
  return { session: null, messages: await maru.rest.messages(id, { before, limit: 200 }) };
}

/** One chat as it was. `?m=` opens it at a message, `?q=` marks what was sought. */
export function HistoryDetailPage({ me, id }: { me: number; id: number }) {
  const t = useT();
  const [params] = useSearchParams();
  const wanted = Number(params.get('m') ?? 0);
  const q = params.get('q')?.trim() ?? '';
  const query = useInfiniteQuery({
    queryKey: [...HISTORY_KEY, 'detail', id],
    queryFn: ({ pageParam }) => fetchPage(id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.messages.nextCursor,
    staleTime: 10_000,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const session = data?.pages[0]?.session ?? null;
  const messages = useMemo(() => messagesOf(data?.pages ?? [], me), [data, me]);
  const found = useMemo(() => matches(messages, q), [messages, q]);
  const target = wanted > 0 ? wanted : (found[0]?.messageId ?? 0);
  const there = messages.some(message => message.messageId === target);
  useTitle(session ? t('detail.heading', { name: session.memberName }) : t('history.heading'));

  // What a link points at may lie on an earlier page: fetch until it is there.
  const seeking = data !== undefined && !there && (wanted > 0 || q !== '');
  useEffect(() => {
    if (seeking && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [seeking, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const log = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (!there) return;
    log.current?.querySelector(`[data-message="${target}"]`)?.scrollIntoView({ block: 'center' });
  }, [there, target]);

  if (query.isError) {
    const { error } = query;
    const unknown = error instanceof MaruError && error.status >= 400 && error.status < 500;
    return (
      <EmptyPlace title={t(unknown ? 'conversation.notFound' : 'conversation.failed')}>
        <Link className="button" href="/history">
          {t('detail.back')}
        </Link>
      </EmptyPlace>
    );
  }
  if (session === null) {
    return (
      <p className={styles.loading} role="status">
        {t('conversation.loading')}
      </p>
    );
  }
  return (
    <div className={styles.page}>
      <div className={styles.inner}>
        <Head session={session} />
        {session.rating && (
          <p className={styles.rating}>
            <span>{t('rating')}</span>
            <Score rating={session.rating} />
            {session.rating.comment && <q>{session.rating.comment}</q>}
          </p>
        )}
        {seeking && !hasNextPage && (
          <p role="status" className={styles.note}>
            {t(wanted > 0 ? 'detail.missing' : 'detail.matchesNone')}
          </p>
        )}
        {q !== '' && found.length > 0 && (
          <p role="status" className={styles.note}>
            {t('detail.matches', { count: found.length })}
          </p>
        )}
        {hasNextPage && (
          <button
            type="button"
            className="button small"
            disabled={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t(isFetchingNextPage ? 'conversation.loadingOlder' : 'conversation.older')}
          </button>
        )}
        <ol className={styles.log} ref={log} aria-label={t('conversation.messages')}>
          {logItems(messages, null, hasNextPage).map(item =>
            item.kind === 'line' ? (
              <li key={item.key} data-message={item.row.message.messageId}>
                <LogLine
                  row={item.row}
                  readByCustomer={readUpTo(data?.pages ?? [])}
                  sought={q}
                  pointed={wanted > 0 && item.row.message.messageId === wanted}
                  action={<LinkTo sessionId={id} message={item.row.message} />}
                />
              </li>
            ) : (
              <li key={item.key}>{item.kind === 'day' && <DayLine at={item.at} />}</li>
            ),
          )}
        </ol>
      </div>
    </div>
  );
}

function messagesOf(pages: readonly Detail[], me: number): ChatMessage[] {
  return pages
    .flatMap(page => page.messages.items)
    .map(message => fromWire(message, me))
    .sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
}

function matches(messages: readonly ChatMessage[], q: string): ChatMessage[] {
  if (q === '') return [];
  const sought = q.toLowerCase();
  return messages.filter(
    message => message.senderType !== 'S' && message.content.toLowerCase().includes(sought),
  );
}

/** How far the customer has read, as the messages tell. */
function readUpTo(pages: readonly Detail[]): number {
  const read = pages
    .flatMap(page => page.messages.items)
    .filter(message => message.senderType === 'A' && message.isRead === 'Y');
  return Math.max(0, ...read.map(message => message.seq));
}

function Head({ session }: { session: SupportSession }) {
  const t = useT();
  return (
    <header className={styles.head}>
      <button
        type="button"
        className="button icon"
        aria-label={t('detail.back')}
        onClick={() => history.back()}
      >
        <BackIcon />
      </button>
      <div className={styles.who}>
        <h1>{t('detail.heading', { name: session.memberName })}</h1>
        <p>
          <StatusMark status={session.status} />
          <span>{session.categoryName}</span>
          <span>{session.adminName ?? t('facts.noAgent')}</span>
          <time dateTime={waitsSince(session)}>{fullTime(waitsSince(session))}</time>
          {session.exitReason && <span>{t(`reason.${session.exitReason as ExitReason}`)}</span>}
          {session.transferReason && (
            <span>
              {t('facts.transferReason')}: {session.transferReason}
            </span>
          )}
        </p>
      </div>
      <button
        type="button"
        className="button"
        onClick={() =>
          downloadTranscript(session.sessionId).catch(error => toast(sentenceOf(error), 'danger'))
        }
      >
        {t('detail.transcript')}
      </button>
      {session.status !== 'COMPLETED' && (
        <Link className="button" href={`/all/${session.sessionId}`}>
          {t('detail.open')}
        </Link>
      )}
    </header>
  );
}

function LinkTo({ sessionId, message }: { sessionId: number; message: ChatMessage }) {
  const t = useT();
  async function copy() {
    const url = new URL(`/console/history/${sessionId}?m=${message.messageId}`, location.origin);
    try {
      await navigator.clipboard.writeText(url.href);
      toast(t('detail.linked'));
    } catch {
      toast(t('snippet.failed'), 'warn');
    }
  }
  return (
    <button type="button" className={styles.link} aria-label={t('detail.link')} onClick={() => void copy()}>
      <LinkIcon />
    </button>
  );
}
