import { readFileSync } from 'node:fs';
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
 * Vite plugin: compiles the ICU messages of every `texts/{ko,en}.json` while building, so no parser is shipped. Given
 * the folders of all texts that a page has, each language is one module, without the texts that `unused` names.
 */
export function texts(folders = null, unused = /^$/) {
  const compiled = text =>
    Object.entries(JSON.parse(text))
      .filter(([key]) => !unused.test(key))
      .map(([key, words]) => [key, compile(words)]);
  const moduleOf = entries => ({
    code: `export default ${JSON.stringify(Object.fromEntries(entries))}`,
    moduleType: 'js',
    map: null,
  });
  return {
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
      return moduleOf(files.flatMap(file => compiled(readFileSync(file, 'utf8'))));
    },
    transform: (code, id) => (catalog.test(id) ? moduleOf(compiled(code)) : null),
  };
}
