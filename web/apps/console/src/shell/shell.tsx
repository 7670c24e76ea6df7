import type { User } from '@maru/client';
import { LocaleSwitch, ThemeSwitch } from '@maru/ui';
import type { ReactNode } from 'react';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { Link, useLocation } from 'wouter';
import { logOut } from '../auth';
import { rowsOf } from '../live/open-sessions';
import { useOpenSessions } from '../live/queries';
import { useHeld } from '../live/use-held';
import { useLive } from '../live/use-live';
import { useT } from '../texts';
import { AvailabilityChoice } from './availability';
import { ConnectionChip } from './chip';
import { ChatsIcon, DashboardIcon, HistoryIcon, Mark } from './icons';
import { ReloginDialog } from './login';
import styles from './shell.module.css';
import { useTabCount } from './title';

interface Props {
  user: User;
  expired: { revoked: boolean } | null;
  children: ReactNode;
}

/** What stands around every page of a logged-in agent, and what goes on whichever page is shown. */
export function Shell({ user, expired, children }: Props) {
  const t = useT();
  const [, navigate] = useLocation();
  const { sessions } = useOpenSessions();
  useLive(user.memberId, navigate);
  useHeld(sessions, user.memberId);
  const waiting = rowsOf(sessions, 'waiting', user.memberId, null).length;
  const unread = rowsOf(sessions, 'mine', user.memberId, null).reduce(
    (sum, session) => sum + (session.unreadCount ?? 0),
    0,
  );
  useTabCount(waiting + unread);

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        {t('skip')}
      </a>
      <header className={styles.bar}>
        <p className={styles.brand}>
          <Mark />
          {t('brand')}
        </p>
        <Navigation count={waiting + unread} />
        <div className={styles.side}>
          <ConnectionChip />
          <AvailabilityChoice />
          <DialogTrigger>
            <Button className={styles.me} aria-label={t('menu', { name: user.name })}>
              <span aria-hidden="true">{[...user.name][0] ?? '?'}</span>
            </Button>
            <Popover className={styles.popover} placement="bottom end">
              <Dialog className={styles.menu} aria-label={t('menu', { name: user.name })}>
                <p className={styles.name}>
                  <strong>{user.name}</strong>
                  <span>{user.userCode}</span>
                </p>
                <LocaleSwitch />
                <ThemeSwitch />
                <button type="button" className="button" onClick={() => void logOut()}>
                  {t('logout')}
                </button>
              </Dialog>
            </Popover>
          </DialogTrigger>
        </div>
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      {expired && <ReloginDialog revoked={expired.revoked} />}
    </div>
  );
}

function Navigation({ count }: { count: number }) {
  const t = useT();
  const [path] = useLocation();
  const at = path.startsWith('/history') ? 'history' : path.startsWith('/dashboard') ? 'dashboard' : 'chats';
  const here = (name: typeof at) => (at === name ? ('page' as const) : undefined);
  return (
    <nav className={styles.nav} aria-label={t('nav')}>
      <Link href="/waiting" aria-current={here('chats')}>
        <ChatsIcon />
        <span>{t('title.chats')}</span>
        {count > 0 && (
          <span className={styles.count} aria-hidden="true">
            {count > 99 ? '99+' : count}
          </span>
        )}
      </Link>
      <Link href="/history" aria-current={here('history')}>
        <HistoryIcon />
        <span>{t('title.history')}</span>
      </Link>
      <Link href="/dashboard" aria-current={here('dashboard')}>
        <DashboardIcon />
        <span>{t('title.dashboard')}</span>
      </Link>
    </nav>
  );
}
