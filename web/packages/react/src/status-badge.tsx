import type { SessionStatus } from '@maru/client';
import { useSharedT } from '@maru/ui';
import css from './status-badge.module.css';

/** A session's state as colour, word and shape. */
export function StatusBadge({ status }: { status: SessionStatus }) {
  const t = useSharedT();
  return (
    <span className={css.badge} data-status={status}>
      {t(`status.${status}`)}
    </span>
  );
}
