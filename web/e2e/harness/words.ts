import { readFileSync } from 'node:fs';

export type Locale = 'ko' | 'en';
type Catalog = Record<string, string>;

function catalog(path: string): Catalog {
  return JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as Catalog;
}

const PLACES = [
  'packages/ui/src/texts',
  'packages/react/src/customer/texts',
  'apps/pages/src/texts',
  'apps/console/src/texts',
];
const CATALOGS: Record<Locale, Catalog> = {
  ko: Object.assign({}, ...PLACES.map(place => catalog(`${place}/ko.json`))),
  en: Object.assign({}, ...PLACES.map(place => catalog(`${place}/en.json`))),
};

/** The pages' own words, so that a test asks for what a reader sees. Plain `{name}` places are filled. */
export function wordsOf(locale: Locale): (key: string, values?: Record<string, string | number>) => string {
  return (key, values = {}) => {
    const text = CATALOGS[locale][key];
    if (text === undefined) throw new Error(`no text ${key} in ${locale}`);
    return text.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
  };
}
