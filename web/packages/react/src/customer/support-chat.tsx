import type { OpenSession } from '@maru/client';
import { type ReactNode, useEffect, useState } from 'react';
import { useAuth, useMaru } from '../provider';
import type { ConversationOptions } from '../use-conversation';
import { ChatHome } from './chat-home';
import { useDesk } from './desk';
import { SessionView } from './session-view';
import css from './support-chat.module.css';
import { useMySessions } from './use-my-sessions';

export interface SupportChatProps {
  /** Somebody is looking at it. */
  attentive: boolean;
  /** The session to begin with, such as a link names; else the one that is running. */
  first?: number;
  /** Shows a way to close it, as the widget needs. */
  onClose?: () => void;
  /** For as long as a conversation is open, such as `leaveWithPage`. Returns its undo. */
  whileOpen?: ConversationOptions['while'];
  /** Messages nobody here has read yet. */
  onUnread?: (count: number) => void;
  /** A conversation was begun: somebody to recognise next time. */
  onStarted?: () => void;
  /** Stands at the foot of the first view. */
  foot?: ReactNode;
}

/** A customer's side of support: choose a subject, wait, talk, end, look back. Visitors become guests on their way. */
export function SupportChat({
  attentive,
  first,
  onClose,
  whileOpen,
  onUnread,
  onStarted,
  foot,
}: SupportChatProps) {
  const maru = useMaru();
  const auth = useAuth();
  const sessions = useMySessions();
  const [chosen, setChosen] = useState<number | null | undefined>(first);
  const user = auth.status === 'signedIn' ? auth.user.memberId : null;
  const running = sessions.items.find(session => session.status !== 'COMPLETED')?.sessionId ?? null;
  const shown = chosen === undefined ? running : chosen;
  const desk = useDesk(attentive);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another user starts at the beginning
  useEffect(() => setChosen(first), [user]);
  useEffect(() => {
    if (user !== null && shown !== null) maru.connect();
  }, [maru, user, shown]);

  const start = async (what: OpenSession) => {
    if (user === null) await maru.auth.guest();
    const session = await maru.rest.openSession(what);
    sessions.put(session);
    setChosen(session.sessionId);
    onStarted?.();
  };
  const home = () => {
    setChosen(null);
    onUnread?.(0);
    sessions.reload();
  };

  if (user !== null && sessions.loading && shown === null)
    return <div className={css.chat} aria-busy="true" />;
  return (
    <div className={css.chat}>
      {shown !== null && user !== null ? (
        <SessionView
          key={shown}
          sessionId={shown}
          attentive={attentive}
          whileOpen={whileOpen}
          desk={desk}
          next={sessions.items.find(session => session.continues === shown)?.sessionId}
          onOpen={setChosen}
          onContinue={() => start({ continues: shown })}
          onBack={home}
          onClose={onClose}
          onUnread={onUnread}
        />
      ) : (
        <ChatHome
          desk={desk}
          sessions={sessions}
          onStart={start}
          onOpen={setChosen}
          onClose={onClose}
          foot={foot}
        />
      )}
    </div>
  );
}
