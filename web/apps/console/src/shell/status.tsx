import type { SessionStatus } from '@maru/client';
import { useT } from '../texts';
import styles from './status.module.css';

/** A state as colour, word and shape together. */
export function StatusMark({ status }: { status: SessionStatus }) {
  const t = useT();
  return (
    <span className={styles.mark} data-status={status}>
      <span className={styles.shape} aria-hidden="true" />
      {t(`status.${status}`)}
    </span>
  );
}
