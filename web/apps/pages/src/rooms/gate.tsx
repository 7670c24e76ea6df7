import { asMaruError, type Maru, type MaruError, type Room } from '@maru/client';
import { useAttempt, useAuth, useMaru } from '@maru/react';
import parts from '@maru/ui/parts.module.css';
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { useTitle } from '../page';
import { useT } from '../texts';
import { Capacity } from './capacity';
import css from './gate.module.css';
import { isFull, nameOf } from './names';
import { Refusal } from './refusal';
import { RoomView } from './room-view';
import { useHeading } from './route';
import { ToList } from './to-list';

/** What stands before a room: members go straight in, others are told how to, or why not. */
export function Gate({ name, seq }: { name: string; seq: number | null }) {
  const t = useT();
  const { rest } = useMaru<Maru>();
  const [room, setRoom] = useState<Room | null>(null);
  const [error, setError] = useState<MaruError | null>(null);
  const load = useCallback(async () => {
    setError(null);
    await rest.rooms.room(name).then(setRoom, cause => setError(asMaruError(cause)));
  }, [rest, name]);
  useEffect(() => void load(), [load]);
  useTitle(room ? nameOf(room, t) : t('rooms.title'));

  const again = useCallback(() => {
    setRoom(null);
    void load();
  }, [load]);

  if (room?.joined) return <RoomView roomId={room.roomId} seq={seq} again={again} />;
  if (room) return <Outside room={room} onRoom={setRoom} reload={load} />;
  if (error === null) return <div className={css.gate} aria-busy="true" />;
  return <Refused error={error} reload={load} />;
}

function Refused({ error, reload }: { error: MaruError; reload: () => Promise<void> }) {
  const t = useT();
  if (error.status === 404 || error.status === 400)
    return <Card title={t('rooms.missing')} hint={t('rooms.missing.hint')} />;
  if (error.status === 403) return <Card title={t('rooms.forbidden')} hint={t('rooms.forbidden.hint')} />;
  return (
    <Card title={t('rooms.failed')} hint={error.error || t('error.network')}>
      <button type="button" className={parts.primary} onClick={reload}>
        {t('retry')}
      </button>
    </Card>
  );
}

/** Somebody who may know of the room without being in it. */
function Outside({
  room,
  onRoom,
  reload,
}: {
  room: Room;
  onRoom(room: Room): void;
  reload(): Promise<void>;
}) {
  const t = useT();
  const { rest } = useMaru<Maru>();
  const auth = useAuth();
  const { attempt, busy, error } = useAttempt();
  const full = isFull(room);
  const me = auth.status === 'signedIn' ? auth.user.userCode : '';
  const come = () =>
    attempt(async () => {
      const { join, addMembers } = rest.rooms;
      onRoom(await (room.open ? join(room.roomId) : addMembers(room.roomId, [me])));
    });

  const closed = room.status === 'CLOSED';
  const hint = closed
    ? t('rooms.join.closed')
    : full
      ? t('rooms.join.full')
      : t(room.open ? 'rooms.join.open' : 'rooms.join.manager');
  return (
    <Card title={nameOf(room, t)} hint={hint} error={error} facts={<Capacity room={room} />}>
      {!closed && full && (
        <button type="button" className={parts.primary} disabled={busy} onClick={() => attempt(reload)}>
          {t('rooms.join.again')}
        </button>
      )}
      {!closed && !full && (
        <button type="button" className={parts.primary} disabled={busy} onClick={come}>
          {t(room.open ? 'rooms.join' : 'rooms.join.add')}
        </button>
      )}
    </Card>
  );
}

function Card({
  title,
  hint,
  error,
  facts,
  children,
}: {
  title: string;
  hint: string;
  error?: string;
  facts?: ReactNode;
  children?: ReactNode;
}) {
  const heading = useHeading();
  return (
    <div className={css.gate}>
      <div className={css.card}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {facts}
        <p>{hint}</p>
        <Refusal error={error} />
        <div className={css.ways}>
          {children}
          <ToList />
        </div>
      </div>
    </div>
  );
}
