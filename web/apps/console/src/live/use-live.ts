import type { OverviewEvent, Resync, SupportSession, UnreadEvent } from '@maru/client';
import { useEffect } from 'react';
import { maru } from '../maru';
import { toast } from '../shell/toasts';
import { t } from '../texts';
import { AVAILABILITY_KEY, takeAvailability } from './availability';
import { learnServerTime } from './clock';
import { isOpen, putMessage, putSession } from './open-sessions';
import {
  changeOpenSessions,
  HISTORY_KEY,
  OPEN_KEY,
  openSession,
  queries,
  STATS_KEY,
  VIEWERS_KEY,
} from './queries';
import { takeUnread } from './unread';

type Incoming = OverviewEvent | Resync;

const STATS_EVERY_MS = 2000;
let statsDue = false;

/** Figures follow events, but not each of a burst. */
function statsSoon(): void {
  if (statsDue) return;
  statsDue = true;
  setTimeout(() => {
    statsDue = false;
    void queries.invalidateQueries({ queryKey: STATS_KEY });
  }, STATS_EVERY_MS);
}

function takeSession(session: SupportSession, me: number): void {
  const before = openSession(session.sessionId);
  changeOpenSessions(sessions => putSession(sessions, session));
  if (!isOpen(session)) void queries.invalidateQueries({ queryKey: HISTORY_KEY, refetchType: 'none' });
  const handed =
    before !== undefined && before.adminId !== null && before.adminId !== me && session.adminId === me;
  if (handed) toast(t('alert.handed', { name: session.memberName }), 'plain', openAction(session.sessionId));
}

let open: (path: string) => void = () => undefined;

function openAction(sessionId: number) {
  return { label: t('alert.open'), run: () => open(`/all/${sessionId}`) };
}

function take(event: Incoming, me: number): void {
  switch (event.type) {
    case 'RESYNC':
      void queries.invalidateQueries({ queryKey: OPEN_KEY });
      void queries.invalidateQueries({ queryKey: STATS_KEY });
      void queries.invalidateQueries({ queryKey: AVAILABILITY_KEY });
      void queries.invalidateQueries({ queryKey: VIEWERS_KEY });
      void learnServerTime().catch(() => undefined);
      return;
    case 'STATE':
    case 'NEW_SESSION':
      takeSession(event.session, me);
      return statsSoon();
    case 'MESSAGE':
      changeOpenSessions(sessions => putMessage(sessions, event));
      return statsSoon();
    case 'LONG_WAIT': {
      const minutes = Math.max(1, Math.floor(event.waitingSeconds / 60));
      toast(
        t('alert.longWait', { name: event.session.memberName, minutes }),
        'warn',
        openAction(event.session.sessionId),
      );
      return;
    }
    case 'AVAILABILITY':
      return takeAvailability(event, me);
    case 'VIEWERS':
      queries.setQueryData([...VIEWERS_KEY, event.sessionId], event.viewers);
      return;
    case 'PRESENCE':
      return;
  }
}

const TOPICS = [
  '/topic/chat/new-session',
  '/topic/chat/messages',
  '/topic/chat/presence',
  '/topic/admin/notifications',
] as const;

/** Connects, and keeps the lists as the server's topics say. */
export function useLive(me: number, navigate: (path: string) => void): void {
  useEffect(() => {
    open = navigate;
  }, [navigate]);
  useEffect(() => {
    const undo = [
      maru.watch<OverviewEvent>('/topic/chat/sessions', event => take(event, me)),
      ...TOPICS.map(topic =>
        maru.watch<OverviewEvent>(topic, event => {
          // One topic's RESYNC is enough: they are all made again together.
          if (event.type !== 'RESYNC') take(event, me);
        }),
      ),
    ];
    undo.push(
      maru.watch<UnreadEvent>('/user/queue/notifications', event => {
        if (event.type === 'UNREAD') takeUnread(event);
      }),
    );
    maru.connect();
    return () => {
      for (const one of undo) one();
    };
  }, [me]);
}
