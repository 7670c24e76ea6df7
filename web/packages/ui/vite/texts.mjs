import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileMessage } from '@lingui/message-utils/compileMessage';

const catalog = /\/texts\/(ko|en)\.json$/;
const WHOLE = '\0maru-texts/';

/** `{name|이}` in a text: the value, then the particle to fit to it (see particle.ts, which reads the marks). */
export function markParticles(text) {
  return text.replace(/\{(\w+)\|([^}]+)\}/g, '{$1}\uE000$2\uE001');
}

/** A text without places stays the string that it is. */
function compile(text) {
  const message = compileMessage(markParticles(text));
  return message.length === 1 && typeof message[0] === 'string' ? message[0] : message;
}

/**
 * Vite plugins: compile the ICU messages of every `texts/{ko,en}.json` while building, so no parser is shipped. Given
 * the folders of all texts that a page has, each language is one module, without the texts that `unused` names, and
 * with numbers in place of the keys that stand whole in the folders of sources.
 */
export function texts({ folders, sources = [], unused = /^$/ } = {}) {
  const short = folders ? shortKeys(folders, sources.flatMap(sourcesIn)) : new Map();
  const compiled = text =>
    Object.entries(JSON.parse(text))
      .filter(([key]) => !unused.test(key))
      .map(([key, words]) => [short.get(key) ?? key, compile(words)]);
  const moduleOf = entries => ({
    code: `export default ${JSON.stringify(Object.fromEntries(entries))}`,
    moduleType: 'js',
    map: null,
  });
  const catalogs = {
    name: 'maru:texts',
    enforce: 'pre',
    resolveId(source, importer) {
      const [, language] = folders && importer ? (catalog.exec(source) ?? []) : [];
      return language ? `${WHOLE}${language}.js` : null;
    },
    load(id) {
      if (!id.startsWith(WHOLE)) return null;
      const files = folders.map(folder => `${folder}/${id.slice(WHOLE.length, -3)}.json`);
      for (const file of files) this.addWatchFile(file);
      const twice = clash(files.slice(1));
      if (twice) this.error(`two texts are called ${twice}: ${files}`);
      return moduleOf(files.flatMap(file => compiled(readFileSync(file, 'utf8'))));
    },
    transform: (code, id) => (catalog.test(id) ? moduleOf(compiled(code)) : null),
  };
  const keys = {
    name: 'maru:text-keys',
    enforce: 'pre',
    transform(code, id) {
      if (!/\.tsx?$/.test(id)) return null;
      const broken = familiesIn(code).find(family => [...short.keys()].some(key => key.startsWith(family)));
      if (broken) this.error(`texts under ${broken} have numbers, but ${id} puts their keys together`);
      const shortened = code.replace(/'([a-z]+\.[\w.-]+)'/gi, (_, key) => `'${short.get(key) ?? key}'`);
      return { code: shortened, map: null };
    },
  };
  return [catalogs, keys];
}

/** A key that several catalogs have. Over the first one, the shared, a page may put its own wording. */
function clash(files) {
  const keys = files.flatMap(file => Object.keys(JSON.parse(readFileSync(file, 'utf8'))));
  return keys.find((key, index) => keys.indexOf(key) !== index);
}

/** Numbers for the keys with a dot, but for the families that sources put together: t(`status.${…}`). */
function shortKeys(folders, sources) {
  const families = sources.flatMap(familiesIn);
  const keys = folders.flatMap(folder => Object.keys(JSON.parse(readFileSync(`${folder}/en.json`, 'utf8'))));
  const whole = keys.filter(key => key.includes('.') && !families.some(family => key.startsWith(family)));
  return new Map(whole.map((key, index) => [key, index.toString(36)]));
}

function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter(file => /\.tsx?$/.test(file))
    .map(file => readFileSync(join(folder, file), 'utf8'));
}

function familiesIn(source) {
  return [...source.matchAll(/`([\w.]+\.)\$\{/g)].map(([, family]) => family);
}
