import { useEffect } from 'react';
import { t, useT } from '../texts';
import iconUrl from './icon.svg?url';
import dotUrl from './icon-dot.svg?url';

let page = '';
let count = 0;

function apply(): void {
  const parts = [page, t('brand')].filter(part => part !== '');
  document.title = `${count > 0 ? `(${count}) ` : ''}${parts.join(' · ')}`;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = count > 0 ? dotUrl : iconUrl;
  if (link && link.getAttribute('href') !== href) link.href = href;
}

/** Names the page in the tab. */
export function useTitle(name: string): void {
  useEffect(() => {
    page = name;
    apply();
  }, [name]);
}

/** Says in the tab how much waits for this agent: the count before the title, a dot on the icon. */
export function useTabCount(waiting: number): void {
  const t = useT();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the texts are part of the title
  useEffect(() => {
    count = waiting;
    apply();
  }, [waiting, t]);
}
