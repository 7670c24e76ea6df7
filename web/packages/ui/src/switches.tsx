import { useState } from 'react';
import css from './switches.module.css';
import { chooseLocale, type Locale, locale, useSharedT } from './texts';
import { chooseTheme, keptTheme, type Theme } from './theme';

const THEMES: Theme[] = ['system', 'light', 'dark'];
const LOCALES: Locale[] = ['ko', 'en'];

/** Korean or English, at once, without losing what is being written. */
export function LocaleSwitch({ onChange }: { onChange?: (locale: Locale) => void }) {
  const t = useSharedT();
  const shown = locale();
  return (
    <fieldset className={css.locales} aria-label={t('language')}>
      {LOCALES.map(choice => (
        <button
          key={choice}
          type="button"
          lang={choice}
          aria-pressed={shown === choice}
          onClick={() => {
            void chooseLocale(choice);
            onChange?.(choice);
          }}
        >
          {t(`language.${choice}`)}
        </button>
      ))}
    </fieldset>
  );
}

export function ThemeSwitch() {
  const t = useSharedT();
  const [theme, setTheme] = useState(keptTheme);
  return (
    <select
      className={css.select}
      aria-label={t('theme')}
      value={theme}
      onInput={event => {
        const next = event.currentTarget.value as Theme;
        setTheme(next);
        chooseTheme(next);
      }}
    >
      {THEMES.map(choice => (
        <option key={choice} value={choice}>
          {t(`theme.${choice}`)}
        </option>
      ))}
    </select>
  );
}
