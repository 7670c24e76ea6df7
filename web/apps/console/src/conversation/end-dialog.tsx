import type { ExitReason, SupportSession } from '@maru/client';
import { useState } from 'react';
import { Label, Radio, RadioGroup } from 'react-aria-components';
import { takeAnswer } from '../live/answer';
import { maru } from '../maru';
import { toast } from '../shell/toasts';
import { useT } from '../texts';
import { AskDialog, Question } from './ask-dialog';

const REASONS: readonly ExitReason[] = ['RESOLVED', 'CANCELLED', 'TRANSFERRED'];

/** Ends a chat, once asked, with its reason. */
export function EndDialog({ session }: { session: SupportSession }) {
  const t = useT();
  return (
    <AskDialog opener={t('conversation.end')}>
      {close => <Reasons session={session} close={close} />}
    </AskDialog>
  );
}

function Reasons({ session, close }: { session: SupportSession; close: () => void }) {
  const t = useT();
  const [reason, setReason] = useState<ExitReason>('RESOLVED');

  async function end() {
    takeAnswer(await maru.rest.admin.end(session.sessionId, reason));
    toast(t('end.done', { name: session.memberName }));
  }

  return (
    <Question
      heading={t('end.heading')}
      lead={t('end.lead', { name: session.memberName })}
      submit={t('end.submit')}
      tone="danger"
      run={end}
      close={close}
    >
      <RadioGroup className="choices" value={reason} onChange={value => setReason(value as ExitReason)}>
        <Label>{t('end.reason')}</Label>
        {REASONS.map(one => (
          <Radio key={one} value={one} className="choice">
            {t(`reason.${one}`)}
          </Radio>
        ))}
      </RadioGroup>
    </Question>
  );
}
