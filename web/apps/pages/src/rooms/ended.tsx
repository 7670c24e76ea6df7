import type { RoomLog, RoomState } from '@maru/client';
import { useAttempt } from '@maru/react';
import { useT } from '../texts';
import css from './room-view.module.css';
import { linkTo } from './route';

/** In the place of the message box where nothing can be written any more: why, and the way on. */
export function Ended({ state, log }: { state: RoomState; log: RoomLog }) {
  const t = useT();
  const { attempt, busy, error } = useAttempt();
  const { room, gone } = state;
  const why = gone === 'LEFT' ? 'rooms.left' : gone === 'REMOVED' ? 'rooms.removed' : 'rooms.ended';
  return (
    <footer className={css.ended}>
      <p role="status">{t(why)}</p>
      {error && (
        <p className={css.error} role="alert">
          {error}
        </p>
      )}
      {gone && room?.open && room.status === 'ACTIVE' && (
        <button
          type="button"
          className={css.primary}
          disabled={busy}
          onClick={() => attempt(() => log.join())}
        >
          {t('rooms.again')}
        </button>
      )}
      <a className={css.second} {...linkTo('/rooms')}>
        {t('rooms.list')}
      </a>
    </footer>
  );
}
