import { compileMessage } from '@lingui/message-utils/compileMessage';

const catalog = /\/texts\/(?:ko|en)\.json$/;

/** `{name|이}` in a text: the value, then the particle to fit to it (see particle.ts, which reads the marks). */
export function markParticles(text) {
  return text.replace(/\{(\w+)\|([^}]+)\}/g, '{$1}\uE000$2\uE001');
}

/** Vite plugin: compiles the ICU messages of every `texts/{ko,en}.json` while building, so no parser is shipped. */
export function texts() {
  return {
    name: 'maru:texts',
    enforce: 'pre',
    transform(code, id) {
      if (!catalog.test(id)) return null;
      const compiled = {};
      for (const [key, text] of Object.entries(JSON.parse(code)))
        compiled[key] = compileMessage(markParticles(text));
      return { code: JSON.stringify(compiled), map: null };
    },
  };
}
