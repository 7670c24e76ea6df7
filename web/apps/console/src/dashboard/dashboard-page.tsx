import { clockTime, fullTime, stopwatch } from '@maru/ui';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { type OpenSessions, rowsOf, waitsSince } from '../live/open-sessions';
import { STATS_KEY, useCategories, useOpenSessions } from '../live/queries';
import { writeFilters } from '../search-state';
import { EmptyPlace } from '../shell/empty';
import { StatusMark } from '../shell/status';
import { Waiting } from '../shell/time';
import { useTitle } from '../shell/title';
import { useT } from '../texts';
import styles from './dashboard-page.module.css';
import { type Figures, fetchFigures, type Share, type Spread } from './figures';
import { isPeriod, PERIODS, type Period, rangeOf } from './period';

/** The live figures: what waits now, and what a period brought. Each number leads to its chats. */
export function DashboardPage({ me }: { me: number }) {
  const t = useT();
  useTitle(t('dashboard.heading'));
  const lists = useOpenSessions();
  const [params, setParams] = useSearchParams();
  const asked = params.get('period') ?? '';
  const period = isPeriod(asked) ? asked : 'today';
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div className={styles.page}>
      <div className={styles.inner}>
        <header className={styles.head}>
          <h1>{t('dashboard.heading')}</h1>
          <p className={styles.zone}>{t('dashboard.zone', { zone })}</p>
        </header>
        <Now me={me} sessions={lists.sessions} />
        <section className={styles.period} aria-labelledby="period-heading">
          <div className={styles.choose}>
            <h2 id="period-heading">{t('dashboard.period')}</h2>
            <fieldset className={styles.periods}>
              <legend className="visually-hidden">{t('dashboard.period')}</legend>
              {PERIODS.map(one => (
                <button
                  key={one}
                  type="button"
                  aria-pressed={one === period}
                  onClick={() => setParams(one === 'today' ? {} : { period: one }, { replace: true })}
                >
                  {t(`dashboard.${one}`)}
                </button>
              ))}
            </fieldset>
          </div>
          <PeriodFigures period={period} />
        </section>
      </div>
    </div>
  );
}

function Now({ me, sessions }: { me: number; sessions: OpenSessions }) {
  const t = useT();
  const waiting = rowsOf(sessions, 'waiting', me, null);
  const count = (status: string) =>
    [...sessions.values()].filter(session => session.status === status).length;
  const first = waiting[0];
  return (
    <section aria-labelledby="now-heading">
      <h2 id="now-heading">{t('dashboard.now')}</h2>
      <div className={styles.cards}>
        <Card label={<StatusMark status="WAITING" />} href="/waiting" value={String(waiting.length)} />
        <Card
          label={<StatusMark status="ACTIVE" />}
          href="/history?status=ACTIVE"
          value={String(count('ACTIVE'))}
        />
        <Card
          label={<StatusMark status="DISCONNECTED" />}
          href="/history?status=DISCONNECTED"
          value={String(count('DISCONNECTED'))}
        />
        <Card
          label={t('dashboard.longest')}
          href={first ? `/waiting/${first.sessionId}` : '/waiting'}
          value={first ? <Waiting since={waitsSince(first)} /> : <small>{t('dashboard.noFigure')}</small>}
        />
      </div>
    </section>
  );
}

function Card({ label, href, value }: { label: ReactNode; href: string; value: ReactNode }) {
  return (
    <Link href={href} className={styles.card}>
      <span className={styles.label}>{label}</span>
      <span className={styles.value}>{value}</span>
    </Link>
  );
}

function PeriodFigures({ period }: { period: Period }) {
  const t = useT();
  const { data, isError, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: [...STATS_KEY, period],
    queryFn: () => fetchFigures(rangeOf(period)),
    placeholderData: before => before,
  });
  if (isError) {
    return (
      <EmptyPlace title={t('dashboard.failed')}>
        <button type="button" className="button" onClick={() => void refetch()}>
          {t('retry')}
        </button>
      </EmptyPlace>
    );
  }
  if (isPending) {
    return (
      <p className={styles.zone} role="status">
        {t('list.loading')}
      </p>
    );
  }
  return <Brought figures={data} period={period} at={new Date(dataUpdatedAt)} />;
}

function Brought({ figures, period, at }: { figures: Figures; period: Period; at: Date }) {
  const t = useT();
  const categories = useCategories();
  const { days } = rangeOf(period);
  const all = writeFilters(days);
  const ended = writeFilters({ ...days, status: 'COMPLETED' });
  const nameOf = (share: Share) =>
    share.name || (categories.find(category => category.categoryId === share.id)?.name ?? String(share.id));
  return (
    <>
      <div className={styles.cards}>
        <Card label={t('dashboard.opened')} href={`/history${all}`} value={figures.opened} />
        <Card label={t('dashboard.completed')} href={`/history${ended}`} value={figures.completed} />
        <Card label={t('dashboard.messages')} href={`/history${all}`} value={figures.messages} />
      </div>
      <div className={styles.columns}>
        <Shares
          title={t('dashboard.categories')}
          shares={figures.categories.map(share => ({ ...share, name: nameOf(share) }))}
          href={share => `/history${writeFilters({ ...days, category: String(share.id) })}`}
        />
        <Shares
          title={t('dashboard.agents')}
          shares={figures.agents}
          href={share => `/history${writeFilters({ ...days, agent: String(share.id) })}`}
        />
        <Times figures={figures} href={`/history${all}`} endedHref={`/history${ended}`} />
      </div>
      <p className={styles.zone}>
        <time dateTime={at.toISOString()} title={fullTime(at)}>
          {t('dashboard.updated', { time: clockTime(at) })}
        </time>
      </p>
    </>
  );
}

interface SharesProps {
  title: string;
  shares: Share[];
  href: (share: Share) => string;
}

/** Counts as a bar and a number each; the list itself is the table of the chart. */
function Shares({ title, shares, href }: SharesProps) {
  const t = useT();
  const most = Math.max(1, ...shares.map(share => share.count));
  const sorted = [...shares].sort((a, b) => b.count - a.count);
  return (
    <section className={styles.panel}>
      <h3>{title}</h3>
      {shares.length === 0 ? (
        <p className={styles.zone}>{t('dashboard.empty')}</p>
      ) : (
        <ol className={styles.bars}>
          {sorted.map(share => (
            <li key={share.id}>
              <Link href={href(share)}>
                <span className={styles.barName}>{share.name}</span>
                <span className={styles.barCount}>{share.count}</span>
                <span className={styles.bar} aria-hidden="true">
                  <span style={{ inlineSize: `${(share.count / most) * 100}%` }} />
                </span>
              </Link>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Times({ figures, href, endedHref }: { figures: Figures; href: string; endedHref: string }) {
  const t = useT();
  const rows: { name: string; spread: Spread; to: string }[] = [
    { name: t('dashboard.wait'), spread: figures.wait, to: href },
    { name: t('dashboard.response'), spread: figures.firstResponse, to: href },
    { name: t('dashboard.handling'), spread: figures.handling, to: endedHref },
  ];
  const columns = (['average', 'median', 'p90'] as const).filter(column =>
    rows.some(row => row.spread[column] !== null),
  );
  const shown = columns.length > 0 ? columns : (['average'] as const);
  return (
    <section className={styles.panel}>
      <h3>{t('dashboard.times')}</h3>
      <table className={styles.times}>
        <thead>
          <tr>
            <td />
            {shown.map(column => (
              <th key={column} scope="col">
                {t(`dashboard.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, spread, to }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {shown.map(column => {
                const seconds = spread[column];
                return (
                  <td key={column}>
                    {seconds === null ? (
                      t('dashboard.noFigure')
                    ) : (
                      <Link href={to}>{stopwatch(seconds * 1000)}</Link>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
