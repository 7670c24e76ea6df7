import { useSyncExternalStore } from 'react';
import { type Compiled, format, type Values } from './format';
import { keep, kept } from './kept';
import type shared from './texts/en.json';

export type Locale = 'ko' | 'en';
export type SharedKey = keyof typeof shared;
export type { Values };
export type Translate<Key extends string> = (key: Key, values?: Values) => string;
type Catalog<Key extends string> = Record<Key, unknown>;
type Loaders<Key extends string> = Record<Locale, () => Promise<{ default: Catalog<Key> }>>;

const LOCALE_KEY = 'maru:locale';
const messages: Record<string, Compiled> = {};
let shown: Locale = 'ko';
/** Without the particle helper a marked particle stays as the text has it. */
let finish = (sentence: string): string => sentence.replace(/[\uE000\uE001]/g, '');
const loaders: Loaders<string>[] = [
  {
    ko: () => import('./texts/ko.json'),
    en: () => import('./texts/en.json'),
  } satisfies Loaders<SharedKey>,
];
const listeners = new Set<() => void>();
let current: Translate<string> = translate;

function translate(key: string, values: Values = {}): string {
  return finish(format(messages[key] ?? key, values, shown));
}

/** Whether the language now shown has that text. */
export function hasText(key: string): boolean {
  return key in messages;
}

/** For programs whose Korean texts fit particles to names: `fitWith(fitParticles)`. The widget has none, and no room. */
export function fitWith(fit: (sentence: string) => string): void {
  finish = fit;
}

/** The language now shown. */
export function locale(): Locale {
  return shown;
}

/** The language to begin with: what the reader chose before, else what the page around wants, else the browser's. */
export function preferredLocale(wanted?: string | null): Locale {
  for (const language of [kept(LOCALE_KEY), wanted, ...(navigator.languages ?? [])]) {
    const known = /^(ko|en)/.exec(language ?? '');
    if (known) return known[0] as Locale;
  }
  return 'ko';
}

/** Loads a language's texts and shows them; every view that uses `useT` renders again, keeping its state. */
export async function setLocale(next: Locale): Promise<void> {
  const catalogs = await Promise.all(loaders.map(loader => loader[next]()));
  for (const catalog of catalogs) Object.assign(messages, catalog.default);
  shown = next;
  document.documentElement.lang = next;
  current = (key, values) => translate(key, values);
  for (const listener of [...listeners]) listener();
}

/** `setLocale`, remembered for the next visit. */
export function chooseLocale(next: Locale): Promise<void> {
  keep(LOCALE_KEY, next);
  return setLocale(next);
}

export function onLocale(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Adds an app's own texts to the shared ones. English names the keys; a key missing in Korean is a type error.
 * Call it once at the top of the app, then `setLocale`.
 */
export function defineTexts<Key extends string>(own: Loaders<Key>) {
  loaders.push(own);
  const t: Translate<Key | SharedKey> = translate;
  return { t, useT: useSharedT as () => Translate<Key | SharedKey> };
}

/** The shared texts alone, for parts that several apps use. */
export function useSharedT(): Translate<SharedKey> {
  const now = () => current;
  return useSyncExternalStore(onLocale, now, now);
}

export const sharedT: Translate<SharedKey> = translate;
