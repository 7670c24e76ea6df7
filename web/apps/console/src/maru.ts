import { createMaru, MaruError } from '@maru/client';
import { locale, onLocale } from '@maru/ui';
import { t } from './texts';

/** The console's one client: its connection, conversations and calls. The log-in is the browser's cookie. */
export const maru = createMaru({ locale: locale(), credentials: 'cookie', namespace: 'console' });

onLocale(() => maru.setLocale(locale()));

/** A refusal in the reader's words; what the server did not word is worded here. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof MaruError)) return t('error.unknown');
  return error.code === 'network' ? t('error.network') : error.error || t('error.unknown');
}
