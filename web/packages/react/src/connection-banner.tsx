import type { Connection } from '@maru/client';
import { type SharedKey, useSharedT } from '@maru/ui';
import { useEffect, useState } from 'react';
import css from './connection-banner.module.css';
import { useConnection, useMaru } from './provider';

/** A blip shorter than this is not worth a word. */
const QUIET_MS = 1500;

function trouble(connection: Connection): SharedKey | null {
  switch (connection.status) {
    case 'connecting':
      return connection.attempt > 1 ? 'connection.waiting' : 'connection.connecting';
    case 'waiting':
      return connection.cause === 'offline' ? 'connection.offline' : 'connection.waiting';
    case 'closed':
      return connection.reason === 'stopped' ? null : `connection.${connection.reason}`;
    default:
      return null;
  }
}

/** Says why nothing arrives, once it has lasted; the message box stays usable meanwhile. */
export function ConnectionBanner() {
  const t = useSharedT();
  const maru = useMaru();
  const connection = useConnection();
  const key = trouble(connection);
  const late = useLate(key !== null);
  const replaced = connection.status === 'closed' && connection.reason === 'replaced';
  return (
    <div role="status">
      {key && (late || connection.status === 'closed') && (
        <p className={css.banner}>
          {t(key)}
          {replaced && (
            <button type="button" onClick={() => maru.connect()}>
              {t('connection.resume')}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function useLate(active: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!active) return;
    const timer = setTimeout(() => setLate(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [active]);
  return active && late;
}
