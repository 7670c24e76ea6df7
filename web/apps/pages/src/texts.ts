import { defineTexts } from '@maru/ui';
import type en from './texts/en.json';

export const { t, useT } = defineTexts<keyof typeof en>({
  ko: () => import('./texts/ko.json'),
  en: () => import('./texts/en.json'),
});
