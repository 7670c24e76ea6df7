import { Composer, ConnectionBanner, TypingLine, useAttention, useRoom } from '@maru/react';
import parts from '@maru/ui/parts.module.css';
import { useEffect, useState } from 'react';
import { useTitle } from '../page';
import { useT } from '../texts';
import { Ended } from './ended';
import { Log } from './log';
import { nameOf } from './names';
import { Notices } from './notices';
import { People } from './people';
import { RoomHead } from './room-head';
import css from './room-view.module.css';
import { go, pathOf } from './route';
import { useWide } from './use-wide';

interface RoomViewProps {
  roomId: number;
  seq: number | null;
  /** Asks anew whether one may be in the room. */
  again(): void;
}

/** A room one is a member of: what is said, who is there, what is pinned. */
export function RoomView({ roomId, seq, again }: RoomViewProps) {
  const t = useT();
  const attentive = useAttention();
  const wide = useWide();
  const [visit, setVisit] = useState(0);
  const [people, setPeople] = useState(false);
  const [state, log] = useRoom(roomId, seq, () => setVisit(before => before + 1));
  const { room, status, unread, typing, gone } = state;
  const name = room ? nameOf(room, t) : t('rooms.title');
  useTitle(unread > 0 && !attentive ? `(${unread}) ${name}` : name);

  const outside = status === 'failed' && state.error?.code === 'not_participant';
  useEffect(() => {
    if (outside) again();
  }, [outside, again]);

  const toLatest = () => {
    log.toLatest();
    setVisit(before => before + 1);
    go(pathOf(roomId), { replace: true });
  };
  const typist = typing[0]?.memberId;
  const writer = state.participants.find(one => one.memberId === typist);
  const spoke = state.messages.findLast(message => message.senderId === typist);

  return (
    <div className={css.room}>
      <section className={css.talk} aria-label={name}>
        <RoomHead state={state} log={log} onPeople={wide ? undefined : () => setPeople(true)} />
        <ConnectionBanner />
        {status === 'failed' ? (
          <div className={css.failed}>
            <p role="alert">{state.error?.error || t('rooms.failed')}</p>
            <button type="button" className={parts.second} onClick={again}>
              {t('retry')}
            </button>
          </div>
        ) : (
          <>
            {state.notices.length > 0 && status === 'ready' && <Notices state={state} />}
            {status === 'ready' ? (
              <Log
                key={visit}
                state={state}
                log={log}
                attentive={attentive}
                seq={seq}
                returning={visit > 0}
                toLatest={toLatest}
              />
            ) : (
              <div className={css.loading} aria-busy="true" />
            )}
            {gone || room?.status === 'CLOSED' ? (
              <Ended state={state} log={log} />
            ) : (
              <>
                <TypingLine name={typist ? (writer?.name ?? spoke?.senderName ?? undefined) : undefined} />
                <Composer conversation={log} sessionId={roomId} />
              </>
            )}
          </>
        )}
      </section>
      {(wide || people) && (
        <People state={state} log={log} onClose={wide ? undefined : () => setPeople(false)} />
      )}
    </div>
  );
}
