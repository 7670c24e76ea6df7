import type { SupportSession, User } from '@maru/client';
import { useState } from 'react';
import {
  Button,
  Dialog,
  DialogTrigger,
  Heading,
  Label,
  Modal,
  ModalOverlay,
  Radio,
  RadioGroup,
} from 'react-aria-components';
import { byName } from '../format';
import { putSession } from '../live/open-sessions';
import { changeOpenSessions, useAgents } from '../live/queries';
import { maru, sentenceOf } from '../maru';
import { toast } from '../shell/toasts';
import { useT } from '../texts';

const QUEUE = 'queue';

/** Hands a chat back to the queue or to a named agent. */
export function TransferDialog({ me, session }: { me: User; session: SupportSession }) {
  const t = useT();
  return (
    <DialogTrigger>
      <Button className="button">{t('conversation.transfer')}</Button>
      <ModalOverlay isDismissable className="overlay">
        <Modal className="modal">
          <Dialog className="dialog">
            {({ close }) => <Choice me={me} session={session} close={close} />}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

function Choice({ me, session, close }: { me: User; session: SupportSession; close: () => void }) {
  const t = useT();
  const [to, setTo] = useState(QUEUE);
  const [busy, setBusy] = useState(false);
  const agents = useAgents()
    .filter(agent => agent.memberId !== me.memberId && agent.memberId !== session.adminId)
    .sort((a, b) => Number(b.online) - Number(a.online) || byName(a.name, b.name));

  async function transfer() {
    setBusy(true);
    try {
      const id = session.sessionId;
      const moved = await maru.rest.admin.transfer(id, to === QUEUE ? undefined : Number(to));
      changeOpenSessions(sessions => putSession(sessions, moved));
      maru.conversation(id).update(moved);
      toast(t('transfer.done'));
      close();
    } catch (error) {
      toast(sentenceOf(error), 'danger');
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <Heading slot="title" level={2}>
        {t('transfer.heading')}
      </Heading>
      <p>{t('transfer.lead', { name: session.memberName })}</p>
      <RadioGroup className="choices" value={to} onChange={setTo}>
        <Label>{t('transfer.to')}</Label>
        <Radio value={QUEUE} className="choice">
          <span>
            {t('transfer.queue')}
            <small>{t('transfer.queueNote')}</small>
          </span>
        </Radio>
        {agents.map(({ memberId, name, online }) => (
          <Radio key={memberId} value={String(memberId)} className="choice">
            <span>
              {name}
              <small>{t(online ? 'transfer.online' : 'transfer.offline')}</small>
            </span>
          </Radio>
        ))}
      </RadioGroup>
      {agents.length === 0 && <p className="muted">{t('transfer.noAgents')}</p>}
      <div className="dialog-actions">
        <Button className="button" onPress={close}>
          {t('cancel')}
        </Button>
        <Button className="button primary" isDisabled={busy} onPress={() => void transfer()}>
          {t('transfer.submit')}
        </Button>
      </div>
    </>
  );
}
