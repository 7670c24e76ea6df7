import type { RoomLog, RoomState } from '@maru/client';
import { Icon } from '@maru/react';
import { clockTime, dayName, sameDay } from '@maru/ui';
import parts from '@maru/ui/parts.module.css';
import { useState } from 'react';
import { useT } from '../texts';
import { Capacity } from './capacity';
import { LeaveDialog } from './leave-dialog';
import { nameOf } from './names';
import css from './room-view.module.css';
import { linkTo, useHeading } from './route';

interface RoomHeadProps {
  state: RoomState;
  log: RoomLog;
  /** Shows who is in the room, where there is no column for it. */
  onPeople?: () => void;
}

/** The room's name, how many are in it, and the ways out. */
export function RoomHead({ state, log, onPeople }: RoomHeadProps) {
  const t = useT();
  const heading = useHeading();
  const [leaving, setLeaving] = useState(false);
  const { room, gone } = state;
  const closes = room?.status === 'ACTIVE' ? room.expiresAt : null;
  return (
    <header className={css.head}>
      <a className={parts.plain} {...linkTo('/rooms')}>
        <Icon name="back" />
        <span className="visually-hidden">{t('rooms.list')}</span>
      </a>
      <h1 ref={heading} tabIndex={-1}>
        {room ? nameOf(room, t) : t('rooms.title')}
      </h1>
      {onPeople && (
        <button type="button" className={parts.quiet} onClick={onPeople}>
          {t('rooms.people')}
        </button>
      )}
      {room && !gone && (
        <button type="button" className={parts.quiet} onClick={() => setLeaving(true)}>
          {t('rooms.leave')}
        </button>
      )}
      {room && (
        <div className={css.facts}>
          <Capacity room={room} />
          {closes && <p className={css.closes}>{t('rooms.closes', { time: momentOf(closes) })}</p>}
        </div>
      )}
      {leaving && room && (
        <LeaveDialog
          open={room.open && room.status === 'ACTIVE'}
          leave={() => log.leave()}
          onClose={() => setLeaving(false)}
        />
      )}
    </header>
  );
}

function momentOf(at: string): string {
  return sameDay(at, new Date()) ? clockTime(at) : `${dayName(at)} ${clockTime(at)}`;
}
