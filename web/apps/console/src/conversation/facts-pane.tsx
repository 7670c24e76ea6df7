import type { SupportSession } from '@maru/client';
import { useStore } from '@maru/react';
import { fullTime } from '@maru/ui';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { fetchHistory } from '../history/fetch-history';
import { queuePlace, waitsSince } from '../live/open-sessions';
import { HISTORY_KEY, useOpenSessions } from '../live/queries';
import { maru } from '../maru';
import { Score } from '../shell/score';
import { StatusMark } from '../shell/status';
import { Ago } from '../shell/time';
import { useT } from '../texts';
import styles from './facts-pane.module.css';

const PAST = 10;

/** Who the customer is, how this chat stands, and what was talked about before. */
export function FactsPane({ id, onClose }: { id: number; onClose: () => void }) {
  const t = useT();
  const { session } = useStore(useMemo(() => maru.conversation(id), [id]));
  return (
    <div className={styles.pane}>
      <header className={styles.head}>
        <h2>{t('pane.facts')}</h2>
        <button
          type="button"
          className={`button icon ${styles.close}`}
          aria-label={t('close')}
          onClick={onClose}
        >
          ×
        </button>
      </header>
      {session && (
        <>
          <Facts session={session} />
          <Past session={session} />
        </>
      )}
    </div>
  );
}

function Facts({ session }: { session: SupportSession }) {
  const t = useT();
  const { sessions } = useOpenSessions();
  const place = queuePlace(sessions, session.sessionId);
  const reason = useTransferReason(session);
  return (
    <dl className={styles.facts}>
      <Fact name={t('facts.customer')}>
        <strong>{session.memberName}</strong>
      </Fact>
      <Fact name={t('facts.number')}>{session.memberId}</Fact>
      {session.memberLastSeen && (
        <Fact name={t('facts.lastSeen')}>
          <Ago at={session.memberLastSeen} />
        </Fact>
      )}
      <Fact name={t('facts.session')}>{session.sessionId}</Fact>
      {session.continues && (
        <Fact name={t('facts.continues')}>
          <Link href={`/history/${session.continues}`}>#{session.continues}</Link>
        </Fact>
      )}
      <Fact name={t('facts.category')}>{session.categoryName}</Fact>
      {session.title && <Fact name={t('facts.titleLine')}>{session.title}</Fact>}
      <Fact name={t('facts.agent')}>{session.adminName ?? t('facts.noAgent')}</Fact>
      {reason && <Fact name={t('facts.transferReason')}>{reason}</Fact>}
      {place !== null && <Fact name={t('facts.place')}>{t('list.place', { place })}</Fact>}
      <Fact name={t('facts.started')}>
        <time dateTime={waitsSince(session)}>{fullTime(waitsSince(session))}</time>
      </Fact>
      {session.endTime && (
        <Fact name={t('facts.ended')}>
          <time dateTime={session.endTime}>{fullTime(session.endTime)}</time>
        </Fact>
      )}
      {session.rating && (
        <Fact name={t('rating')}>
          <Score rating={session.rating} />
          {session.rating.comment && <p>{session.rating.comment}</p>}
        </Fact>
      )}
    </dl>
  );
}

/** Why it was given on. Events, which customers hear too, do not say it: each new agent asks. */
function useTransferReason({ sessionId, adminId, status }: SupportSession): string | null {
  const { data } = useQuery({
    queryKey: ['transfer-reason', sessionId, adminId, status],
    queryFn: async () => (await maru.rest.session(sessionId)).transferReason ?? null,
  });
  return data ?? null;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Past({ session }: { session: SupportSession }) {
  const t = useT();
  const customer = String(session.memberId);
  const { data } = useQuery({
    queryKey: [...HISTORY_KEY, 'past', session.memberId],
    queryFn: () => fetchHistory({ customer }, null, PAST + 1),
    staleTime: 30_000,
  });
  const past = (data?.items ?? []).filter(one => one.sessionId !== session.sessionId).slice(0, PAST);
  return (
    <section className={styles.past} aria-labelledby="past-heading">
      <h3 id="past-heading">{t('facts.past')}</h3>
      {data && past.length === 0 && <p className={styles.none}>{t('facts.noPast')}</p>}
      <ol>
        {past.map(one => (
          <li key={one.sessionId}>
            <Link href={`/history/${one.sessionId}`}>
              <span className={styles.pastTitle}>{one.title ?? one.categoryName}</span>
              <span className={styles.pastLine}>
                <Ago at={waitsSince(one)} />
                <StatusMark status={one.status} />
              </span>
            </Link>
          </li>
        ))}
      </ol>
      {past.length > 0 && (
        <Link className={styles.all} href={`/history?customer=${customer}`}>
          {t('facts.allPast')}
        </Link>
      )}
    </section>
  );
}
