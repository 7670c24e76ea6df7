import type { ConversationState } from '@maru/client';
import { useSharedT } from '@maru/ui';
import css from './typing-line.module.css';

/** "… is typing", in a place of its own so that nothing jumps. */
export function TypingLine({ state }: { state: ConversationState }) {
  const t = useSharedT();
  const typist = state.typing[0];
  const name = typist?.side === 'M' ? state.session?.memberName : state.session?.adminName;
  return (
    <p className={css.typing} aria-live="polite">
      {typist && (
        <>
          <span className={css.dots} aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t('typing', { name: name ?? t('agent') })}
        </>
      )}
    </p>
  );
}
