import type { Conversation, SupportSession } from '@maru/client';
import parts from '@maru/ui/parts.module.css';
import { useEffect, useRef, useState } from 'react';
import { useMaru } from '../provider';
import { useAttempt } from '../use-attempt';
import { EmailField } from './email-field';
import { Rating } from './rating';
import { Refusal } from './refusal';
import { SendForm } from './send-form';
import { useT } from './texts';

interface EndedProps {
  /** Copies can be sent by e-mail. */
  mail: boolean | undefined;
  session: SupportSession;
  conversation: Conversation;
  onBack(): void;
  /** One of the two: takes the conversation up again, or goes to where that was done. */
  onContinue?: () => Promise<void>;
  onNext?: () => void;
}

/** What stands under a conversation that is over: how it was, the way on, and a copy to take along. */
export function Ended({ mail, session, conversation, onBack, onContinue, onNext }: EndedProps) {
  const t = useT();
  const { rest } = useMaru();
  const { attempt, busy, error } = useAttempt();
  const { sessionId, exitReason, adminId } = session;

  return (
    <footer className={parts.ended}>
      <p>{t(exitReason === 'CANCELLED' ? 'system.cancelled' : 'ended')}</p>
      {adminId && <Rating session={session} conversation={conversation} />}
      <button
        type="button"
        className={parts.primary}
        disabled={busy}
        onClick={onNext ?? (() => onContinue && attempt(onContinue))}
      >
        {t(onNext ? 'ended.next' : 'ended.continue')}
      </button>
      <button type="button" className={parts.second} onClick={onBack}>
        {t('ended.again')}
      </button>
      <button
        type="button"
        className={parts.quiet}
        disabled={busy}
        onClick={() =>
          attempt(async () => download(`chat-${sessionId}.txt`, await rest.transcript(sessionId)))
        }
      >
        {t('ended.download')}
      </button>
      {mail && <ByMail session={session} />}
      <Refusal error={error} />
    </footer>
  );
}

/** A copy by e-mail, to an address asked for. */
function ByMail({ session }: { session: SupportSession }) {
  const t = useT();
  const { rest } = useMaru();
  const [stage, setStage] = useState<'offered' | 'asking' | 'sent'>('offered');
  const email = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the field is there from that stage on
  useEffect(() => email.current?.focus(), [stage]);

  if (stage === 'sent') return <p role="status">{t('ended.mailed')}</p>;
  if (stage === 'offered') {
    return (
      <button type="button" className={parts.quiet} onClick={() => setStage('asking')}>
        {t('ended.mail')}
      </button>
    );
  }
  return (
    <SendForm
      ready
      send={async () => {
        await rest.mailTranscript(session.sessionId, email.current?.value ?? '');
        setStage('sent');
      }}
    >
      <EmailField field={email} value={session.email} />
    </SendForm>
  );
}

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
