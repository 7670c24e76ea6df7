import type { Agent, SupportSession, User } from '@maru/client';
import { useState } from 'react';
import { Label, Radio, RadioGroup, Text, TextArea, TextField } from 'react-aria-components';
import { byName } from '../format';
import { takeAnswer } from '../live/answer';
import { useAgents } from '../live/queries';
import { maru } from '../maru';
import { AvailabilityMark } from '../shell/availability';
import { toast } from '../shell/toasts';
import { useT } from '../texts';
import { AskDialog, Question } from './ask-dialog';

const QUEUE = 'queue';
const REASON_MAX = 200;

/** Hands a chat back to the queue or to a named agent. */
export function TransferDialog({ me, session }: { me: User; session: SupportSession }) {
  const t = useT();
  return (
    <AskDialog opener={t('conversation.transfer')}>
      {close => <Choice me={me} session={session} close={close} />}
    </AskDialog>
  );
}

/** Who answers soonest stands first. */
function readiness({ online, availability }: Agent): number {
  return (online ? 0 : 3) + ['AVAILABLE', 'BUSY', 'AWAY'].indexOf(availability);
}

function Choice({ me, session, close }: { me: User; session: SupportSession; close: () => void }) {
  const t = useT();
  const [to, setTo] = useState(QUEUE);
  const [reason, setReason] = useState('');
  const agents = useAgents()
    .filter(agent => agent.memberId !== me.memberId && agent.memberId !== session.adminId)
    .sort((a, b) => readiness(a) - readiness(b) || byName(a.name, b.name));

  async function transfer() {
    const moved = await maru.rest.admin.transfer(session.sessionId, {
      agentId: to === QUEUE ? undefined : Number(to),
      reason: reason.trim() || undefined,
    });
    takeAnswer(moved);
    toast(t('transfer.done'));
  }

  return (
    <Question
      heading={t('transfer.heading')}
      lead={t('transfer.lead', { name: session.memberName })}
      submit={t('transfer.submit')}
      run={transfer}
      close={close}
    >
      <RadioGroup className="choices" value={to} onChange={setTo}>
        <Label>{t('transfer.to')}</Label>
        <Radio value={QUEUE} className="choice">
          <span>
            {t('transfer.queue')}
            <small>{t('transfer.queueNote')}</small>
          </span>
        </Radio>
        {agents.map(({ memberId, name, online, availability }) => (
          <Radio
            key={memberId}
            value={String(memberId)}
            className="choice"
            isDisabled={availability === 'AWAY'}
          >
            <span>
              {name}
              <small>
                {online || availability === 'AWAY' ? (
                  <AvailabilityMark availability={availability} />
                ) : (
                  t('transfer.offline')
                )}
              </small>
            </span>
          </Radio>
        ))}
      </RadioGroup>
      {agents.length === 0 && <p className="muted">{t('transfer.noAgents')}</p>}
      <TextField className="field" value={reason} onChange={setReason} maxLength={REASON_MAX}>
        <Label>{t('transfer.reason')}</Label>
        <TextArea rows={2} />
        <Text slot="description">{t('transfer.reasonNote')}</Text>
      </TextField>
    </Question>
  );
}
