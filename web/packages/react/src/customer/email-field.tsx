import type { RefObject } from 'react';
import css from './support-chat.module.css';
import { useT } from './texts';

/** Where answers and copies go; an empty one is none. */
export function EmailField({
  field,
  value,
}: {
  field: RefObject<HTMLInputElement | null>;
  value?: string | null;
}) {
  const t = useT();
  return (
    <label className={css.email}>
      {t('email')}
      <input ref={field} type="email" autoComplete="email" defaultValue={value ?? undefined} />
    </label>
  );
}
