import type { Room } from '@maru/client';
import { useT } from '../texts';
import css from './capacity.module.css';

/** How many are in the room and how many may be, as text and meter; who of them is here. */
export function Capacity({ room }: { room: Room }) {
  const t = useT();
  const { participantCount: count, maxParticipants: max, onlineCount: online } = room;
  return (
    <span className={css.capacity}>
      <span>{max === null ? t('rooms.count', { count }) : t('rooms.count.max', { count, max })}</span>
      {max !== null && (
        <meter
          className={css.meter}
          min={0}
          max={max}
          value={count}
          aria-label={t('rooms.capacity', { count, max })}
        />
      )}
      <span className={css.online} data-any={online > 0}>
        {t('rooms.online', { count: online })}
      </span>
    </span>
  );
}
