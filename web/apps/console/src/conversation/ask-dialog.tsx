import { type ReactNode, useState } from 'react';
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { sentenceOf } from '../maru';
import { toast } from '../shell/toasts';
import { useT } from '../texts';

interface OpenerProps {
  /** On the button that opens it. */
  opener: string;
  /** What is asked; made anew at each opening. */
  children: (close: () => void) => ReactNode;
}

/** A button and the question that it opens. */
export function AskDialog({ opener, children }: OpenerProps) {
  return (
    <DialogTrigger>
      <Button className="button">{opener}</Button>
      <ModalOverlay isDismissable className="overlay">
        <Modal className="modal">
          <Dialog className="dialog">{({ close }) => children(close)}</Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  );
}

interface QuestionProps {
  heading: string;
  lead: string;
  submit: string;
  tone?: 'primary' | 'danger';
  children: ReactNode;
  /** Does what was asked about; a refusal is told, and the question stays. */
  run: () => Promise<void>;
  close: () => void;
}

/** What stands in it: the question, its choices, and the two ways out. */
export function Question({ heading, lead, submit, tone = 'primary', children, run, close }: QuestionProps) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  async function go() {
    setBusy(true);
    try {
      await run();
      close();
    } catch (error) {
      toast(sentenceOf(error), 'danger');
      setBusy(false);
    }
  }
  return (
    <>
      <Heading slot="title" level={2}>
        {heading}
      </Heading>
      <p>{lead}</p>
      {children}
      <div className="dialog-actions">
        <Button className="button" onPress={close}>
          {t('cancel')}
        </Button>
        <Button className={`button ${tone}`} isDisabled={busy} onPress={() => void go()}>
          {submit}
        </Button>
      </div>
    </>
  );
}
