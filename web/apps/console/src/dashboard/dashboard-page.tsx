import { clockTime, fullTime, stopwatch } from '@maru/ui';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { serverNow } from '../live/clock';
import { type OpenSessions, rowsOf, waitsSince } from '../live/open-sessions';
import { useOpenSessions } from '../live/queries';
import { writeFilters } from '../search-state';
import { EmptyPlace } from '../shell/empty';
import { StatusMark } from '../shell/status';
import { Waiting } from '../shell/time';
import { useTitle } from '../shell/title';
import { useT } from '../texts';
import styles from './dashboard-page.module.css';
import { type Figures, type Seconds, useFigures, useServerZone } from './figures';
import { firstDay, isPeriod, PERIODS } from './period';

/** The live figures: what waits now, and what a period brought. Each number leads to its chats. */
export function DashboardPage({ me }: { me: number }) {
  const t = useT();
  useTitle(t('dashboard.heading'));
  const lists = useOpenSessions();
  const [params, setParams] = useSearchParams();
  const asked = params.get('period') ?? '';
  const period = isPeriod(asked) ? asked : 'today';
  const zone = useServerZone();
  return (
    <div className={styles.page}>
      <div className={styles.inner}>
        <header className={styles.head}>
          <h1>{t('dashboard.heading')}</h1>
          {zone && <p className={styles.zone}>{t('dashboard.zone', { zone })}</p>}
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
          {zone && <PeriodFigures from={firstDay(period, zone, serverNow())} />}
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

function PeriodFigures({ from }: { from: string }) {
  const t = useT();
  const { data, isError, isPending, refetch, dataUpdatedAt } = useFigures(from);
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
  return <Brought figures={data} from={from} at={new Date(dataUpdatedAt)} />;
}

function Brought({ figures, from, at }: { figures: Figures; from: string; at: Date }) {
  const t = useT();
  const { sessions, messages } = figures;
  const all = `/history${writeFilters({ from })}`;
  const ended = `/history${writeFilters({ from, status: 'COMPLETED' })}`;
  return (
    <>
      <div className={styles.cards}>
        <Card label={t('dashboard.opened')} href={all} value={sessions.total} />
        <Card label={t('dashboard.completed')} href={ended} value={sessions.byStatus.COMPLETED} />
        <Card label={t('dashboard.rating')} href={ended} value={<Average rating={figures.rating} />} />
        <Card label={t('dashboard.fromCustomers')} href={all} value={messages.customer} />
        <Card label={t('dashboard.fromAgents')} href={all} value={messages.agent} />
      </div>
      <div className={styles.columns}>
        <Shares
          title={t('dashboard.categories')}
          shares={sessions.byCategory.map(({ categoryId, name, count }) => ({
            name,
            count,
            href: `/history${writeFilters({ from, category: String(categoryId) })}`,
          }))}
        />
        <Shares
          title={t('dashboard.agents')}
          shares={sessions.byAgent.map(({ memberId, name, count }) => ({
            name,
            count,
            href: `/history${writeFilters({ from, agent: String(memberId) })}`,
          }))}
        />
        <Times figures={figures} all={all} ended={ended} />
      </div>
      <p className={styles.zone}>
        <time dateTime={at.toISOString()} title={fullTime(at)}>
          {t('dashboard.updated', { time: clockTime(at) })}
        </time>
      </p>
    </>
  );
}

function Average({ rating: { count, average } }: { rating: Figures['rating'] }) {
  const t = useT();
  if (average == null) return <small>{t('dashboard.noFigure')}</small>;
  return (
    <>
      {average.toFixed(1)} <small>{t('dashboard.ratingCount', { count })}</small>
    </>
  );
}

interface Share {
  name: string;
  count: number;
  href: string;
}

/** Counts as a bar and a number each; the list itself is the table of the chart. */
function Shares({ title, shares }: { title: string; shares: Share[] }) {
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
            <li key={share.href}>
              <Link href={share.href}>
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

const TIMES = ['average', 'max'] as const;

function Times({ figures, all, ended }: { figures: Figures; all: string; ended: string }) {
  const t = useT();
  const rows: { name: string; seconds: Seconds; to: string }[] = [
    { name: t('dashboard.wait'), seconds: figures.waitingSeconds, to: all },
    { name: t('dashboard.response'), seconds: figures.firstResponseSeconds, to: all },
    { name: t('dashboard.handling'), seconds: figures.handlingSeconds, to: ended },
  ];
  return (
    <section className={styles.panel}>
      <h3>{t('dashboard.times')}</h3>
      <table className={styles.times}>
        <thead>
          <tr>
            <td />
            {TIMES.map(one => (
              <th key={one} scope="col">
                {t(`dashboard.${one}`)}
              </th>
            ))}
            <th scope="col">{t('dashboard.of')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, seconds, to }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {TIMES.map(one => (
                <td key={one}>
                  <Length seconds={seconds[one]} to={to} />
                </td>
              ))}
              <td>
                <Link href={to}>{seconds.count}</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Length({ seconds, to }: { seconds: number | null | undefined; to: string }) {
  return seconds == null ? '–' : <Link href={to}>{stopwatch(seconds * 1000)}</Link>;
}
