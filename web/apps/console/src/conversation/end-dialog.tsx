import type { ExitReason, SupportSession } from '@maru/client';
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
import { putSession } from '../live/open-sessions';
import { changeOpenSessions } from '../live/queries';
import { maru, sentenceOf } from '../maru';
import { toast } from '../shell/toasts';
import { useT } from '../texts';

const REASONS: readonly ExitReason[] = ['RESOLVED', 'CANCELLED', 'TRANSFERRED'];

/** Ends a chat, once asked, with its reason. */
export function EndDialog({ session }: { session: SupportSession }) {
  const t = useT();
  const [reason, setReason] = useState<ExitReason>('RESOLVED');
  const [busy, setBusy] = useState(false);

  async function end(close: () => void) {
    setBusy(true);
    try {
      const ended = await maru.rest.admin.end(session.sessionId, reason);
      changeOpenSessions(sessions => putSession(sessions, ended));
      maru.conversation(session.sessionId).update(ended);
      toast(t('end.done', { name: session.memberName }));
      close();
    } catch (error) {
      toast(sentenceOf(error), 'danger');
    } finally {
      setBusy(false);
    }
  }

  return (
    <DialogTrigger>
      <Button className="button">{t('conversation.end')}</Button>
      <ModalOverlay isDismissable className="overlay">
        <Modal className="modal">
          <Dialog className="dialog">
            {({ close }) => (
              <>
                <Heading slot="title" level={2}>
                  {t('end.heading')}
                </Heading>
                <p>{t('end.lead', { name: session.memberName })}</p>
                <RadioGroup
                  className="choices"
                  value={reason}
                  onChange={value => setReason(value as ExitReason)}
                >
                  <Label>{t('end.reason')}</Label>
                  {REASONS.map(one => (
                    <Radio key={one} value={one} className="choice">
                      {t(`reason.${one}`)}
                    </Radio>
                  ))}
                </RadioGroup>
                <div className="dialog-actions">
                  <Button className="button" onPress={close}>
                    {t('cancel')}
                  </Button>
                  <Button className="button danger" isDisabled={busy} onPress={() => void end(close)}>
                    {t('end.submit')}
                  </Button>
                </div>
              </>
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}
