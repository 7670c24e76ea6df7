import { keep, kept } from './kept';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'maru:theme';

/** The reader's choice; `system` follows the device. */
export function keptTheme(): Theme {
  const theme = kept(KEY);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function chooseTheme(theme: Theme): void {
  showTheme(theme);
  keep(KEY, theme);
}
