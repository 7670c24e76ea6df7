import type { SupportSession } from '@maru/client';
import { systemText } from '@maru/react';
import { stopwatch } from '@maru/ui';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useLayoutEffect, useRef } from 'react';
import { Link } from 'wouter';
import { waitsSince } from '../live/open-sessions';
import { HISTORY_KEY } from '../live/queries';
import { activeFilters, type Filters, useFilters, writeFilters } from '../search-state';
import { EmptyPlace } from '../shell/empty';
import { Score } from '../shell/score';
import { StatusMark } from '../shell/status';
import { Ago } from '../shell/time';
import { useTitle } from '../shell/title';
import { useT } from '../texts';
import { fetchHistory } from './fetch-history';
import { FilterBar, type FilterProps } from './filter-bar';
import styles from './history-page.module.css';

/** Where each list was scrolled to, so that "back" from a chat finds it again. */
const scrolled = new Map<string, number>();

/** Every chat there was: searched and narrowed by what the address says. */
export function HistoryPage() {
  const t = useT();
  useTitle(t('history.heading'));
  const [filters, change] = useFilters();
  const key = writeFilters(filters);
  const query = useInfiniteQuery({
    queryKey: [...HISTORY_KEY, 'list', key],
    queryFn: ({ pageParam }) => fetchHistory(filters, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: page => page.nextCursor,
    staleTime: 30_000,
  });
  const items = query.data?.pages.flatMap(page => page.items) ?? [];
  const page = useRef<HTMLDivElement>(null);
  const ready = items.length > 0;
  useLayoutEffect(() => {
    const place = scrolled.get(key);
    if (ready && place !== undefined) page.current?.scrollTo({ top: place });
  }, [key, ready]);

  return (
    <div
      className={styles.page}
      ref={page}
      onScroll={event => scrolled.set(key, event.currentTarget.scrollTop)}
    >
      <div className={styles.inner}>
        <h1 className={styles.heading}>{t('history.heading')}</h1>
        <FilterBar filters={filters} onChange={change} />
        {query.isError ? (
          <EmptyPlace title={t('list.failed')}>
            <button type="button" className="button" onClick={() => void query.refetch()}>
              {t('retry')}
            </button>
          </EmptyPlace>
        ) : query.isPending ? (
          <p className={styles.note} role="status">
            {t('list.loading')}
          </p>
        ) : items.length === 0 ? (
          <NothingFound filters={filters} onChange={change} />
        ) : (
          <>
            <p className={styles.note} role="status">
              {t(query.hasNextPage ? 'history.resultsMore' : 'history.results', { count: items.length })}
            </p>
            <Results items={items} q={filters.q} />
            {query.hasNextPage && (
              <button
                type="button"
                className="button"
                disabled={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {t(query.isFetchingNextPage ? 'history.loadingMore' : 'history.more')}
              </button>
            )}
          </>
        )}
      </div>
    </div>
  );
}

/** Nothing found: each filter can be dropped by itself. */
function NothingFound({ filters, onChange }: FilterProps) {
  const t = useT();
  const active = activeFilters(filters);
  const names: Record<keyof Filters, string> = {
    q: t('history.search'),
    customer: t('history.customer'),
    agent: t('history.agent'),
    category: t('history.category'),
    status: t('history.status'),
    rating: t('history.column.rating'),
    from: t('history.from'),
    to: t('history.to'),
  };
  if (active.length === 0) return <EmptyPlace title={t('history.none')} next={t('history.noneNext')} />;
  return (
    <EmptyPlace title={t('history.empty')} next={t('history.emptyNext')}>
      <div className={styles.drops}>
        {active.map(name => (
          <button key={name} type="button" className="button" onClick={() => onChange({ [name]: '' })}>
            {t('history.clearOne', { filter: names[name] })}
          </button>
        ))}
      </div>
    </EmptyPlace>
  );
}

function Results({ items, q }: { items: SupportSession[]; q: string }) {
  const t = useT();
  const search = q === '' ? '' : `?q=${encodeURIComponent(q)}`;
  const columns = [
    'customer',
    'last',
    'category',
    'agent',
    'status',
    'rating',
    'started',
    'duration',
  ] as const;
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column} scope="col">
              {t(`history.column.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map(session => (
          <tr key={session.sessionId}>
            <th scope="row">
              <Link href={`/history/${session.sessionId}${search}`}>{session.memberName}</Link>
            </th>
            <td className={styles.last}>{lastText(session)}</td>
            <td>{session.categoryName}</td>
            <td>{session.adminName ?? t('facts.noAgent')}</td>
            <td>
              <StatusMark status={session.status} />
            </td>
            <td className={styles.figure}>
              <Score rating={session.rating} />
            </td>
            <td>
              <Ago at={waitsSince(session)} />
            </td>
            <td className={styles.figure}>
              {session.endTime
                ? stopwatch(Date.parse(session.endTime) - Date.parse(waitsSince(session)))
                : t('history.unfinished')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function lastText(session: SupportSession): string {
  const last = session.lastMessage;
  if (last === null) return session.title ?? '';
  const content = last.content ?? '';
  return last.senderType === 'S' ? systemText(last.system ?? null, content) : content;
}
