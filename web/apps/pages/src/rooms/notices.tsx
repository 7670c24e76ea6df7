import type { RoomState } from '@maru/client';
import { Icon, LinkedText } from '@maru/react';
import { ago, fullTime, keep, kept } from '@maru/ui';
import { useState } from 'react';
import { useT } from '../texts';
import css from './notices.module.css';
import { linkTo, pathOf } from './route';

const ALL = 'notices-all';

/** What everybody is to notice, pinned above the conversation: one line, or all of it. A new one is marked until looked at. */
export function Notices({ state }: { state: RoomState }) {
  const t = useT();
  const { notices, roomId } = state;
  const newest = notices[0];
  const [seen, look] = useSeen(state);
  const unread = notices.some(notice => !notice.own && notice.seq !== null && notice.seq > seen);
  const [open, setOpen] = useState(unread);
  if (!newest) return null;
  return (
    <section className={css.notices} aria-label={t('rooms.notices')}>
      <button
        type="button"
        className={css.line}
        aria-expanded={open}
        aria-controls={ALL}
        onClick={() => {
          setOpen(!open);
          look(newest.seq ?? 0);
        }}
      >
        <b>{t('rooms.notice')}</b>
        {unread && <span className={css.new}>{t('rooms.notice.new')}</span>}
        <span className={css.words}>
          {open ? t('rooms.notice.count', { count: notices.length }) : newest.content}
        </span>
        <span className={css.turn} data-open={open}>
          <Icon name="down" />
        </span>
      </button>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
        <ul id={ALL} className={css.all} tabIndex={0} aria-label={t('rooms.notices')}>
          {notices.map(notice => (
            <li key={notice.key}>
              <p>
                <LinkedText text={notice.content} />
              </p>
              <p className={css.meta}>
                <span>{notice.senderName}</span>
                <time dateTime={notice.at} title={fullTime(notice.at)}>
                  {ago(notice.at)}
                </time>
                {notice.seq !== null && (
                  <a {...linkTo(pathOf(roomId, notice.seq))}>{t('rooms.notice.find')}</a>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The last notice that was looked at in this browser; before the first time, how far the reader has read. */
function useSeen({ roomId, readSeq }: RoomState): [number, (seq: number) => void] {
  const key = `maru:notice:${roomId}`;
  const [seen, setSeen] = useState(() => Number(kept(key) ?? readSeq.mine));
  return [
    seen,
    seq => {
      setSeen(before => Math.max(before, seq));
      keep(key, String(Math.max(seen, seq)));
    },
  ];
}
