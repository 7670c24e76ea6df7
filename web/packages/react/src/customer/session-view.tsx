import type { Conversation, Desk, SupportSession } from '@maru/client';
import { clockTime } from '@maru/ui';
import parts from '@maru/ui/parts.module.css';
import { useEffect, useState } from 'react';
import { Composer } from '../composer';
import { ConnectionBanner } from '../connection-banner';
import { Icon } from '../icons';
import { MessageList } from '../message-list';
import { useMaru } from '../provider';
import { TypingLine } from '../typing-line';
import { useAttempt } from '../use-attempt';
import { type ConversationOptions, useConversation } from '../use-conversation';
import { deskWords, isStaffed, waitText } from './desk';
import { EndDialog } from './end-dialog';
import { Ended } from './ended';
import { Refusal } from './refusal';
import css from './support-chat.module.css';
import { useT } from './texts';

interface SessionViewProps {
  sessionId: number;
  attentive: boolean;
  whileOpen?: ConversationOptions['while'];
  desk: Desk | null;
  /** The session that continues this one. */
  next: number | undefined;
  onOpen(sessionId: number): void;
  onContinue(): Promise<void>;
  onBack(): void;
  onClose?: () => void;
  onUnread?: (count: number) => void;
}

/** One conversation from the queue to its end. */
export function SessionView({
  sessionId,
  attentive,
  whileOpen,
  desk,
  next,
  onOpen,
  onContinue,
  onBack,
  onClose,
  onUnread,
}: SessionViewProps) {
  const t = useT();
  const [state, conversation] = useConversation(sessionId, { announce: true, while: whileOpen });
  const { session, unread, status } = state;
  const earlier = session?.continues;
  useEffect(() => onUnread?.(unread), [onUnread, unread]);

  return (
    <section className={css.session} aria-label={t('session.chat')}>
      <SessionHeader session={session} conversation={conversation} onBack={onBack} onClose={onClose} />
      <ConnectionBanner />
      {status === 'failed' ? (
        <Refusal error={state.error?.error || t('session.missing')} />
      ) : (
        <>
          {session && <Notice session={session} desk={desk} />}
          <MessageList
            state={state}
            conversation={conversation}
            attentive={attentive}
            onEarlier={earlier ? () => onOpen(earlier) : undefined}
          />
          {session?.status === 'COMPLETED' ? (
            <Ended
              mail={desk?.mail}
              session={session}
              conversation={conversation}
              onBack={onBack}
              onContinue={next ? undefined : onContinue}
              onNext={next ? () => onOpen(next) : undefined}
            />
          ) : (
            <>
              <TypingLine name={state.typing[0] && (session?.adminName ?? t('agent'))} />
              <Composer conversation={conversation} sessionId={sessionId} autoFocus />
            </>
          )}
        </>
      )}
    </section>
  );
}

function Notice({ session, desk }: { session: SupportSession; desk: Desk | null }) {
  const t = useT();
  if (session.status === 'WAITING' && session.queuePosition) {
    const ahead = session.queuePosition - 1;
    const [state, answer] = desk && !isStaffed(desk) ? deskWords(desk) : [];
    const wait = desk?.expectedWaitSeconds;
    return (
      <div className={css.queue} role="status">
        <span className={css.place} title={t('queue.place')}>
          {session.queuePosition}
        </span>
        <div>
          <b>{state ?? (ahead > 0 ? t('queue.ahead', { count: ahead }) : t('queue.next'))}</b>
          <p>
            {answer ?? (wait && waitText(wait))} {t(state ? 'desk.promise' : 'queue.hint')}
          </p>
        </div>
      </div>
    );
  }
  if (session.status === 'DISCONNECTED') {
    const time = session.graceUntil && clockTime(session.graceUntil);
    return (
      <p className={css.away} role="status">
        {time ? t('away', { time }) : t('away.plain')}
      </p>
    );
  }
  return null;
}

function SessionHeader({
  session,
  conversation,
  onBack,
  onClose,
}: {
  session: SupportSession | null;
  conversation: Conversation;
  onBack(): void;
  onClose?: () => void;
}) {
  const t = useT();
  const agent = session?.adminName;
  const ending = session && session.status !== 'COMPLETED';
  return (
    <header className={css.top}>
      <button type="button" className={parts.plain} onClick={onBack} aria-label={t('back')}>
        <Icon name="back" />
      </button>
      {agent && (
        <span className={css.face} aria-hidden="true">
          {[...agent][0]}
        </span>
      )}
      <div className={css.who}>
        <h1>{agent ?? session?.categoryName ?? t('session.chat')}</h1>
        {session && <p>{subtitle(session, t)}</p>}
      </div>
      {ending && <EndButton session={session} conversation={conversation} />}
      {onClose && (
        <button type="button" className={parts.plain} onClick={onClose} aria-label={t('close')}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

function subtitle(session: SupportSession, t: ReturnType<typeof useT>): string {
  if (session.status === 'COMPLETED') return t('session.ended');
  if (session.adminName) return t('session.agent', { category: session.categoryName });
  return t('session.connecting');
}

/** Ending asks once; a request still waiting is cancelled instead. */
function EndButton({ session, conversation }: { session: SupportSession; conversation: Conversation }) {
  const t = useT();
  const { rest } = useMaru();
  const [asking, setAsking] = useState(false);
  const { attempt, error } = useAttempt();
  const waiting = session.status === 'WAITING';

  const finish = () =>
    attempt(async () => {
      conversation.update(await (waiting ? rest.cancel(session.sessionId) : rest.end(session.sessionId)));
      setAsking(false);
    });

  return (
    <>
      <button type="button" className={parts.quiet} onClick={() => setAsking(true)}>
        {waiting ? t('session.cancel') : t('session.end')}
      </button>
      {asking && (
        <EndDialog
          kind={waiting ? 'cancel' : 'end'}
          error={error}
          onYes={finish}
          onNo={() => setAsking(false)}
        />
      )}
    </>
  );
}
