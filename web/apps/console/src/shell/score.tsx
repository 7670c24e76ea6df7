import type { SupportSession } from '@maru/client';
import { useT } from '../texts';
import styles from './score.module.css';

/** A customer's rating: the number for the eye with what it counts up to; a dash where there is none. */
export function Score({ rating }: { rating: SupportSession['rating'] }) {
  const t = useT();
  if (!rating) {
    return (
      <>
        <span aria-hidden="true">–</span>
        <span className="visually-hidden">{t('rating.none')}</span>
      </>
    );
  }
  const said = t('rating.score', { score: rating.score });
  return (
    <span title={rating.comment ?? said}>
      <span className={styles.score} aria-hidden="true">
        {rating.score}
        <small>/5</small>
      </span>
      <span className="visually-hidden">{said}</span>
    </span>
  );
}
