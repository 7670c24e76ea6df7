import { useAttempt, useModal } from '@maru/react';
import parts from '@maru/ui/parts.module.css';
import { useT } from '../texts';
import { Refusal } from './refusal';

const TITLE = 'leave-title';

interface LeaveDialogProps {
  /** One may come in again without an invitation. */
  open: boolean;
  leave(): Promise<void>;
  onClose(): void;
}

/** Leaving is for good, so it asks once. */
export function LeaveDialog({ open, leave, onClose }: LeaveDialogProps) {
  const t = useT();
  const dialog = useModal();
  const { attempt, busy, error } = useAttempt();
  return (
    <dialog
      ref={dialog}
      className={parts.dialog}
      aria-labelledby={TITLE}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={TITLE}>{t('rooms.leave.title')}</h2>
      <p>{t(open ? 'rooms.leave.open' : 'rooms.leave.closed')}</p>
      <Refusal error={error} />
      <div className={parts.choices}>
        <button type="button" className={parts.second} onClick={onClose}>
          {t('rooms.leave.no')}
        </button>
        <button
          type="button"
          className={parts.danger}
          disabled={busy}
          onClick={() =>
            attempt(async () => {
              await leave();
              onClose();
            })
          }
        >
          {t('rooms.leave')}
        </button>
      </div>
    </dialog>
  );
}
