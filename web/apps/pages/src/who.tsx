import { useAuth, useMaru } from '@maru/react';
import { preferredLocale } from '@maru/ui';
import { useEffect } from 'react';
import { useT } from './texts';
import css from './who.module.css';

export interface WhoProps {
  words: (values: { name: string }) => string;
  out: string;
}

/** Who is logged in here and the way out, worded as `words` and `out` say. */
export function Who({ words, out }: WhoProps) {
  const maru = useMaru();
  const auth = useAuth();
  if (auth.status !== 'signedIn') return null;
  return (
    <>
      <span className={css.name}>{words({ name: auth.user.name })}</span>
      <button type="button" className={css.logout} onClick={() => maru.auth.logout()}>
        {out}
      </button>
    </>
  );
}

/** The server answers in the language shown. */
export function useSpokenLocale(): void {
  const t = useT();
  const maru = useMaru();
  useEffect(() => maru.setLocale(preferredLocale()), [maru, t]);
}
