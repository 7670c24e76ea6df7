import type { SupportSession } from '@maru/client';
import { systemText } from '@maru/react';
import { Link } from 'wouter';
import { useDraft } from '../conversation/drafts';
import { type View, waitsSince } from '../live/open-sessions';
import { StatusMark } from '../shell/status';
import { Ago, Waiting } from '../shell/time';
import { type T, useT } from '../texts';
import styles from './list-pane.module.css';

interface Props {
  me: number;
  session: SupportSession;
  /** What the data says of it now; undefined when it is over. */
  now: SupportSession | undefined;
  gone: boolean;
  view: View;
  current: boolean;
  tabStop: boolean;
  search: string;
}

/** Why a row that is still in its place no longer belongs there. */
function whereTo(t: T, now: SupportSession | undefined, me: number): string {
  if (now === undefined) return t('list.ended');
  if (now.status === 'WAITING') return t('list.moved');
  return now.adminId === me ? t('list.takenByMe') : t('list.taken', { name: now.adminName ?? '' });
}

function preview(t: T, session: SupportSession, me: number): string {
  const last = session.lastMessage;
  if (last === null) return session.title ?? t('list.noMessage');
  const text =
    last.senderType === 'S' ? systemText(last.system ?? null, last.content ?? '') : (last.content ?? '');
  return last.senderId === me ? `${t('list.me')}: ${text}` : text;
}

/** One chat in a list: who, what was written last, how long they wait. */
export function SessionRow({ me, session, now, gone, view, current, tabStop, search }: Props) {
  const t = useT();
  const draft = useDraft(me, session.sessionId);
  const unread = session.adminId === me ? (session.unreadCount ?? 0) : 0;
  if (gone) {
    return (
      <li data-row={session.sessionId} className={styles.row} data-gone tabIndex={-1}>
        <div className={styles.link}>
          <span className={styles.line}>
            <span className={styles.name}>{session.memberName}</span>
          </span>
          <span className={styles.line}>
            <span className={styles.last}>{whereTo(t, now, me)}</span>
          </span>
          <span className={styles.line}>
            <span className={styles.meta}>{session.categoryName}</span>
          </span>
        </div>
      </li>
    );
  }
  return (
    <li data-row={session.sessionId} className={styles.row} data-current={current || undefined}>
      <Link
        href={`/${view}/${session.sessionId}${search}`}
        className={styles.link}
        aria-current={current ? 'true' : undefined}
        tabIndex={tabStop ? 0 : -1}
      >
        <span className={styles.line}>
          <span className={styles.name}>{session.memberName}</span>
          {session.status === 'WAITING' ? (
            <Waiting since={waitsSince(session)} />
          ) : (
            <span className={styles.meta}>
              <Ago at={session.lastMessage?.cdate ?? waitsSince(session)} />
            </span>
          )}
        </span>
        <span className={styles.line}>
          <span className={styles.last}>
            {draft && <strong className={styles.draft}>{t('list.draft')}</strong>}
            {draft ? draft.text : preview(t, session, me)}
          </span>
          {unread > 0 && (
            <span className={styles.unread}>
              <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
              <span className="visually-hidden">{t('list.unread', { count: unread })}</span>
            </span>
          )}
        </span>
        <span className={styles.line}>
          <span className={styles.meta}>{session.categoryName}</span>
          {view !== 'waiting' && (
            <span className={styles.meta}>
              {view === 'all' && session.adminName && session.adminId !== me && `${session.adminName} · `}
              <StatusMark status={session.status} />
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}
