import { defineTexts, fitParticles, fitWith } from '@maru/ui';
import type english from './texts/en.json';

fitWith(fitParticles);

/** The console's own texts beside the shared ones. */
export const { t, useT } = defineTexts<keyof typeof english>({
  ko: () => import('./texts/ko.json'),
  en: () => import('./texts/en.json'),
});

export type T = ReturnType<typeof useT>;
