import type { Participant, RoomLog, RoomState } from '@maru/client';
import { Icon, useAuth, useModal } from '@maru/react';
import { matchesName } from '@maru/ui';
import parts from '@maru/ui/parts.module.css';
import { useEffect, useMemo, useState } from 'react';
import { Virtualizer } from 'virtua';
import { useT } from '../texts';
import css from './people.module.css';

interface PeopleProps {
  state: RoomState;
  log: RoomLog;
  /** Closes it where it covers the conversation. */
  onClose?: () => void;
}

/** Who is in the room: found by name or 초성, those who are here first. */
export function People({ state, log, onClose }: PeopleProps) {
  const t = useT();
  const { gone } = state;
  useEffect(() => {
    if (!gone) log.loadParticipants().catch(() => {});
  }, [log, gone]);
  if (onClose) return <Sheet state={state} onClose={onClose} />;
  return (
    <aside className={css.people} aria-label={t('rooms.people')}>
      <PeopleList state={state} />
    </aside>
  );
}

/** Over the conversation, where there is no room beside it. */
function Sheet({ state, onClose }: { state: RoomState; onClose: () => void }) {
  const t = useT();
  const dialog = useModal();
  return (
    <dialog ref={dialog} className={css.sheet} aria-label={t('rooms.people')} onClose={onClose}>
      <PeopleList state={state} onClose={onClose} />
    </dialog>
  );
}

function PeopleList({ state, onClose }: Pick<PeopleProps, 'state' | 'onClose'>) {
  const t = useT();
  const [query, setQuery] = useState('');
  const found = useFound(state.participants, query);
  return (
    <>
      <header className={css.top}>
        <h2>
          {t('rooms.people')} <span>{state.room?.participantCount ?? state.participants.length}</span>
        </h2>
        {onClose && (
          <button type="button" className={parts.plain} onClick={onClose} aria-label={t('close')}>
            <Icon name="close" />
          </button>
        )}
      </header>
      <label className={css.search}>
        <span className="visually-hidden">{t('rooms.people.search')}</span>
        <input
          type="search"
          value={query}
          placeholder={t('rooms.people.hint')}
          onInput={event => setQuery(event.currentTarget.value)}
        />
      </label>
      <p className="visually-hidden" role="status">
        {query && found.length > 0 ? t('rooms.people.found', { count: found.length }) : ''}
      </p>
      {query && found.length === 0 && (
        <p className={css.none} role="status">
          {t('rooms.people.none')}
        </p>
      )}
      <section
        className={css.list}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: keyboards must be able to scroll it
        tabIndex={0}
        aria-label={t('rooms.people')}
      >
        <Virtualizer as="ul" item="li">
          {found.map(one => (
            <Person key={one.memberId} one={one} />
          ))}
        </Virtualizer>
      </section>
    </>
  );
}

function Person({ one }: { one: Participant }) {
  const t = useT();
  const auth = useAuth();
  const me = auth.status === 'signedIn' && auth.user.memberId === one.memberId;
  return (
    <div className={css.person}>
      <span className={css.face} data-online={one.online} aria-hidden="true">
        {[...one.name][0]}
      </span>
      <span className={css.name}>{one.name}</span>
      {me && <span className={css.tag}>{t('rooms.people.me')}</span>}
      {one.manages && <span className={css.tag}>{t('rooms.people.manages')}</span>}
      <span className={css.presence} data-online={one.online}>
        {t(one.online ? 'rooms.people.here' : 'rooms.people.away')}
      </span>
    </div>
  );
}

const byName = new Intl.Collator('ko');

/** Those who are here first, then by name. */
function useFound(participants: Participant[], query: string): Participant[] {
  const sorted = useMemo(
    () =>
      [...participants].sort(
        (a, b) =>
          Number(b.online) - Number(a.online) || byName.compare(a.name, b.name) || a.memberId - b.memberId,
      ),
    [participants],
  );
  return useMemo(() => sorted.filter(({ name }) => matchesName(name, query)), [sorted, query]);
}
