import type { Conversation, SupportSession } from '@maru/client';
import { useMaru } from '../provider';
import { Rating } from './rating';
import { Refusal } from './refusal';
import css from './support-chat.module.css';
import { useT } from './texts';
import { useAttempt } from './use-attempt';

interface EndedProps {
  session: SupportSession;
  conversation: Conversation;
  onBack(): void;
  /** One of the two: takes the conversation up again, or goes to where that was done. */
  onContinue?: () => Promise<void>;
  onNext?: () => void;
}

/** What stands under a conversation that is over: how it was, the way on, and a copy to take along. */
export function Ended({ session, conversation, onBack, onContinue, onNext }: EndedProps) {
  const t = useT();
  const { rest } = useMaru();
  const { attempt, busy, error } = useAttempt();
  const { sessionId, exitReason, adminId } = session;

  return (
    <footer className={css.ended}>
      <p>{t(exitReason === 'CANCELLED' ? 'ended.cancelled' : 'ended')}</p>
      {adminId && <Rating session={session} conversation={conversation} />}
      <button
        type="button"
        className={css.primary}
        disabled={busy}
        onClick={onNext ?? (() => onContinue && attempt(onContinue))}
      >
        {t(onNext ? 'ended.next' : 'ended.continue')}
      </button>
      <button type="button" className={css.second} onClick={onBack}>
        {t('ended.again')}
      </button>
      <button
        type="button"
        className={css.quiet}
        disabled={busy}
        onClick={() =>
          attempt(async () => download(`chat-${sessionId}.txt`, await rest.transcript(sessionId)))
        }
      >
        {t('ended.download')}
      </button>
      <Refusal error={error} />
    </footer>
  );
}

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
