import parts from '@maru/ui/parts.module.css';
import type { ReactNode } from 'react';
import { useAttempt } from '../use-attempt';
import { Refusal } from './refusal';
import css from './support-chat.module.css';
import { useT } from './texts';

interface SendFormProps {
  /** There is something to send. */
  ready: boolean;
  send(): Promise<unknown>;
  children: ReactNode;
}

/** A few fields and a button that sends them; a refusal is told below. */
export function SendForm({ ready, send, children }: SendFormProps) {
  const t = useT();
  const { attempt, busy, error } = useAttempt();
  return (
    <form
      className={css.form}
      onSubmit={event => {
        event.preventDefault();
        void attempt(send);
      }}
    >
      {children}
      {ready && (
        <button type="submit" className={parts.second} disabled={busy}>
          {t('composer.send')}
        </button>
      )}
      <Refusal error={error} />
    </form>
  );
}
