import type { RoomLog, RoomState } from '@maru/client';
import { useAttempt } from '@maru/react';
import parts from '@maru/ui/parts.module.css';
import { useT } from '../texts';
import { Refusal } from './refusal';
import { ToList } from './to-list';

/** In the place of the message box where nothing can be written any more: why, and the way on. */
export function Ended({ state, log }: { state: RoomState; log: RoomLog }) {
  const t = useT();
  const { attempt, busy, error } = useAttempt();
  const { room, gone } = state;
  const why = gone === 'LEFT' ? 'rooms.left' : gone === 'REMOVED' ? 'rooms.removed' : 'rooms.ended';
  return (
    <footer className={parts.ended}>
      <p role="status">{t(why)}</p>
      <Refusal error={error} />
      {gone && room?.open && room.status === 'ACTIVE' && (
        <button
          type="button"
          className={parts.primary}
          disabled={busy}
          onClick={() => attempt(() => log.join())}
        >
          {t('rooms.again')}
        </button>
      )}
      <ToList />
    </footer>
  );
}
