import type { ReactNode } from 'react';
import css from './frame.module.css';
import { TopBar } from './page';
import { useSpokenLocale, Who, type WhoProps } from './who';

/** A page that fills the window, for whoever is logged in: the bar above, and what scrolls below. */
export function Frame({ children, ...who }: WhoProps & { children: ReactNode }) {
  useSpokenLocale();
  return (
    <div className={css.page}>
      <TopBar>
        <Who {...who} />
      </TopBar>
      <main id="content" className={css.main}>
        {children}
      </main>
    </div>
  );
}
