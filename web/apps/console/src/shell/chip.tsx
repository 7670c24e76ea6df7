import { useConnection } from '@maru/react';
import { stopwatch } from '@maru/ui';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { serverNow, useServerSecond } from '../live/clock';
import { maru } from '../maru';
import { useT } from '../texts';
import styles from './chip.module.css';

function useOnline(): boolean {
  return useSyncExternalStore(
    tell => {
      window.addEventListener('online', tell);
      window.addEventListener('offline', tell);
      return () => {
        window.removeEventListener('online', tell);
        window.removeEventListener('offline', tell);
      };
    },
    () => navigator.onLine,
  );
}

/** The moment since which the connection is not live, by the server's clock; null while it is. */
function useDownSince(live: boolean): number | null {
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => setSince(was => (live ? null : (was ?? serverNow()))), [live]);
  return since;
}

/** How things stand with the server, in one word; while they do not stand well, for how long. */
export function ConnectionChip() {
  const t = useT();
  const connection = useConnection();
  const online = useOnline();
  const down = useDownSince(connection.status === 'live');
  const text = (() => {
    switch (connection.status) {
      case 'live':
        return t('chip.live');
      case 'idle':
      case 'connecting':
        return down === null ? t('chip.connecting') : <Lost since={down} offline={!online} />;
      case 'waiting':
        return <Lost since={down ?? serverNow()} offline={!online} />;
      case 'closed':
        return t(connection.reason === 'replaced' ? 'chip.replaced' : 'chip.closed');
    }
  })();
  const mayAsk = connection.status === 'closed' && connection.reason !== 'stopped';
  return (
    <div className={styles.chip} data-status={connection.status}>
      <span className={styles.shape} aria-hidden="true" />
      <span role="status" aria-label={t('chip.label')}>
        {text}
      </span>
      {mayAsk && (
        <button type="button" onClick={() => maru.connect()}>
          {t('chip.reconnect')}
        </button>
      )}
    </div>
  );
}

function Lost({ since, offline }: { since: number; offline: boolean }) {
  const t = useT();
  useServerSecond();
  const time = stopwatch(serverNow() - since);
  return (
    // The seconds are for the eye; a screen reader hears the change of state alone.
    <>
      {t(offline ? 'chip.offline' : 'chip.waiting', { time: '' })}
      <span aria-hidden="true" className={styles.figures}>
        {time}
      </span>
    </>
  );
}
