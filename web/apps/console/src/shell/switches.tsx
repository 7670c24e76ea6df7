import { chooseLocale, type Locale, locale } from '@maru/ui';
import { useT } from '../texts';
import styles from './switches.module.css';
import { chooseTheme, type Theme, useTheme } from './theme';

const LOCALES: readonly Locale[] = ['ko', 'en'];
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function LocaleSwitch() {
  const t = useT();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">{t('language')}</legend>
      {LOCALES.map(one => (
        <button
          key={one}
          type="button"
          lang={one}
          aria-pressed={locale() === one}
          onClick={() => void chooseLocale(one)}
        >
          {t(`language.${one}`)}
        </button>
      ))}
    </fieldset>
  );
}

export function ThemeSwitch() {
  const t = useT();
  const theme = useTheme();
  return (
    <fieldset className={styles.switch}>
      <legend className="visually-hidden">{t('theme')}</legend>
      {THEMES.map(one => (
        <button key={one} type="button" aria-pressed={theme === one} onClick={() => chooseTheme(one)}>
          {t(`theme.${one}`)}
        </button>
      ))}
    </fieldset>
  );
}
