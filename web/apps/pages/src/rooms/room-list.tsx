import type { Maru, Resync, Room, RoomsEvent } from '@maru/client';
import { asMaruError } from '@maru/client';
import { Icon, systemText, useMaru } from '@maru/react';
import { ago, fullTime } from '@maru/ui';
import parts from '@maru/ui/parts.module.css';
import { useCallback, useEffect, useState } from 'react';
import { useTitle } from '../page';
import { useT } from '../texts';
import { Capacity } from './capacity';
import { isFull, nameOf } from './names';
import css from './room-list.module.css';
import { linkTo, pathOf, useHeading } from './route';

const PAGE = 50;

/** One's own rooms, and those one may come into. */
export function RoomList() {
  const t = useT();
  const heading = useHeading();
  const { items, loaded, error, more, reload } = useRooms();
  useTitle(t('rooms.title'));
  const mine = items.filter(room => room.joined);
  const open = items.filter(room => !room.joined && room.open && room.status === 'ACTIVE');
  const others = items.filter(room => !room.joined && !open.includes(room));

  return (
    <div className={css.list} aria-busy={!loaded}>
      <h1 ref={heading} tabIndex={-1}>
        {t('rooms.title')}
      </h1>
      {error && (
        <p className={`${parts.error} ${css.error}`} role="alert">
          {error}
          <button type="button" onClick={reload}>
            {t('retry')}
          </button>
        </p>
      )}
      {!loaded && !error && <p className={css.hint}>{t('rooms.loading')}</p>}
      {loaded && (
        <>
          <Rooms title={t('rooms.mine')} rooms={mine}>
            <p className={css.hint}>{t(open.length > 0 ? 'rooms.mine.empty' : 'rooms.mine.none')}</p>
          </Rooms>
          {open.length > 0 && <Rooms title={t('rooms.open')} rooms={open} />}
          {others.length > 0 && <Rooms title={t('rooms.others')} rooms={others} />}
        </>
      )}
      {more && (
        <button type="button" className={css.more} onClick={more}>
          {t('rooms.more')}
        </button>
      )}
    </div>
  );
}

function Rooms({ title, rooms, children }: { title: string; rooms: Room[]; children?: React.ReactNode }) {
  return (
    <section className={css.section}>
      <h2>{title}</h2>
      {rooms.length === 0 ? (
        children
      ) : (
        <ul>
          {rooms.map(room => (
            <li key={room.roomId}>
              <RoomCard room={room} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function RoomCard({ room }: { room: Room }) {
  const t = useT();
  const { lastMessage: last, unreadCount } = room;
  const unread = unreadCount ?? 0;
  return (
    <a className={css.card} {...linkTo(pathOf(room.roomId))}>
      <span className={css.top}>
        <b>{nameOf(room, t)}</b>
        {room.status === 'CLOSED' && <span className={css.tag}>{t('rooms.closed')}</span>}
        {!room.joined && isFull(room) && <span className={css.tag}>{t('rooms.full')}</span>}
        {last && (
          <time dateTime={last.cdate} title={fullTime(last.cdate)}>
            {ago(last.cdate)}
          </time>
        )}
      </span>
      {(room.joined || last) && (
        <span className={css.words}>
          <span>{last ? lastWords(last) : t('rooms.nothing')}</span>
          {unread > 0 && (
            <span className={css.unread}>
              <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
              <span className="visually-hidden">{t('rooms.unread', { count: unread })}</span>
            </span>
          )}
        </span>
      )}
      <span className={css.foot}>
        <Capacity room={room} />
        <Icon name="chevron" />
      </span>
    </a>
  );
}

function lastWords(last: NonNullable<Room['lastMessage']>): string {
  const words = systemText(last.system ?? null, last.content ?? '');
  return last.senderName ? `${last.senderName}: ${words}` : words;
}

/** Asked for anew whenever the own list changes, the connection is back, or somebody looks again. */
function useRooms() {
  const t = useT();
  const maru = useMaru<Maru>();
  const [{ items, cursor, loaded, error }, setState] = useState({
    items: [] as Room[],
    cursor: null as string | null,
    loaded: false,
    error: '',
  });
  const load = useCallback(
    async (before?: string) => {
      try {
        const page = await maru.rest.rooms.list({ limit: PAGE, before });
        setState(state => ({
          items: before ? [...state.items, ...page.items] : page.items,
          cursor: page.nextCursor,
          loaded: true,
          error: '',
        }));
      } catch (cause) {
        setState(state => ({ ...state, error: asMaruError(cause).error || t('error.network') }));
      }
    },
    [maru, t],
  );

  useEffect(() => {
    void load();
    const look = () => {
      if (!document.hidden) void load();
    };
    addEventListener('visibilitychange', look);
    const undo = maru.watch<RoomsEvent>('/user/queue/notifications', (event: RoomsEvent | Resync) => {
      if (event.type === 'ROOM' || event.type === 'RESYNC') void load();
    });
    return () => {
      removeEventListener('visibilitychange', look);
      undo();
    };
  }, [maru, load]);
  return {
    items,
    loaded,
    error,
    more: cursor === null ? null : () => void load(cursor),
    reload: () => void load(),
  };
}
