import { keptTheme, LocaleSwitch, preferredLocale, setLocale, showTheme, ThemeSwitch } from '@maru/ui';
import { render } from 'preact';
import { type ReactElement, type ReactNode, useEffect } from 'react';
import css from './page.module.css';
import { useT } from './texts';

/** Shows a page in the reader's language and theme. */
export async function showPage(Page: () => ReactElement): Promise<void> {
  showTheme(keptTheme());
  await setLocale(preferredLocale());
  const root = document.getElementById('root');
  if (root) render(<Page />, root);
}

/** The document's title, in the language shown. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** Maru's own mark: a hall's roof over its floor. */
export function Mark() {
  return (
    <svg className={css.mark} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M3 14c5-1 9-4 13-8 4 4 8 7 13 8" />
      <path d="M7 15v8M25 15v8M4 23h24M8 27h16" />
    </svg>
  );
}

/** The bar above Maru's own pages. */
export function TopBar({
  children,
  onLocale,
}: {
  children?: ReactNode;
  onLocale?: (locale: 'ko' | 'en') => void;
}) {
  const t = useT();
  return (
    <header className={css.bar}>
      <a className={css.skip} href="#content">
        {t('skip')}
      </a>
      <a className={css.brand} href="/">
        <Mark />
        Maru
      </a>
      <div className={css.tools}>
        {children}
        <ThemeSwitch />
        <LocaleSwitch onChange={onLocale} />
      </div>
    </header>
  );
}
