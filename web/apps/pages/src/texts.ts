import { defineTexts, fitParticles, fitWith } from '@maru/ui';
import type en from './texts/en.json';

fitWith(fitParticles);

export const { t, useT } = defineTexts<keyof typeof en>({
  ko: () => import('./texts/ko.json'),
  en: () => import('./texts/en.json'),
});
