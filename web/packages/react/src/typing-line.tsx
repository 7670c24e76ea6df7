import { useSharedT } from '@maru/ui';
import css from './typing-line.module.css';

/** "… is typing", in a place of its own so that nothing jumps; undefined: nobody is. */
export function TypingLine({ name }: { name: string | undefined }) {
  const t = useSharedT();
  return (
    <p className={css.typing} aria-live="polite">
      {name && (
        <>
          <span className={css.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t('typing', { name })}
        </>
      )}
    </p>
  );
}
