import parts from '@maru/ui/parts.module.css';
import { useModal } from '../use-modal';
import { Refusal } from './refusal';
import { useT } from './texts';

interface EndDialogProps {
  kind: 'end' | 'cancel';
  error: string;
  onYes(): void;
  onNo(): void;
}

const TITLE = 'maru-end';

export function EndDialog({ kind, error, onYes, onNo }: EndDialogProps) {
  const t = useT();
  const dialog = useModal();
  return (
    <dialog
      ref={dialog}
      className={parts.dialog}
      aria-labelledby={TITLE}
      onCancel={event => {
        event.preventDefault();
        onNo();
      }}
      // The Escape that answers this question must not close the panel around it too.
      onKeyDown={event => event.stopPropagation()}
    >
      <h2 id={TITLE}>{t(`confirm.${kind}`)}</h2>
      <p>{t(`confirm.${kind}.hint`)}</p>
      <Refusal error={error} />
      <div className={parts.choices}>
        <button type="button" className={parts.second} onClick={onNo}>
          {t('confirm.no')}
        </button>
        <button type="button" className={parts.danger} onClick={onYes}>
          {t(`session.${kind}`)}
        </button>
      </div>
    </dialog>
  );
}
