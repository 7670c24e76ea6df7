// Builds every page into web/dist, laid out as the URLs are: index.html, support/, shop/, console/, widget.js,
// widget/frame.html and hashed files in assets/. `--watch` builds again on every change.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { texts } from '@maru/ui/vite';
import optimizeLocales from '@react-aria/optimize-locales-plugin';
import { minify } from 'terser';
import { build } from 'vite';
import { checkSizes } from './sizes.mjs';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const watch = process.argv.includes('--watch');
const preact = {
  react: 'preact/compat',
  'react-dom': 'preact/compat',
  'react/jsx-runtime': 'preact/jsx-runtime',
};

const classNames = new Map();

/** Class names as short as they can be while no two meet, the same in every build. */
function shortName(name, file) {
  const owner = `${relative(at('.'), file.split('?')[0])} ${name}`;
  const digits = BigInt(`0x${createHash('sha256').update(owner).digest('hex')}`).toString(36);
  for (let length = 2; ; length++) {
    const short = `m${digits.slice(0, length)}`;
    if ((classNames.get(short) ?? owner) !== owner) continue;
    classNames.set(short, owner);
    return short;
  }
}

/** All texts of a page in one language are one file. */
const LANGUAGES = ['ko', 'en'].map(name => ({ name, test: new RegExp(`/texts/${name}\\.json`) }));

/** "use client" is for other people's servers. */
function onwarn(warning, warn) {
  if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
}

/** What all builds share. Assets are never inlined as data: URLs, which the pages' CSP refuses. */
function shared(root, input) {
  return {
    configFile: false,
    root: at(root),
    base: '/',
    logLevel: 'warn',
    publicDir: false,
    plugins: [texts(), plainImports()],
    css: { modules: { generateScopedName: shortName } },
    build: {
      outDir: at('dist'),
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      target: 'es2022',
      cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
      watch: watch ? {} : null,
      rolldownOptions: {
        input,
        onwarn,
        checks: { pluginTimings: false },
        output: { codeSplitting: { groups: LANGUAGES } },
      },
    },
  };
}

/** Our chunks are few: a dynamic import is an import, without Vite's list of what to load ahead. */
function plainImports() {
  const helper = '\0vite/preload-helper.js';
  return {
    name: 'maru:plain-imports',
    enforce: 'pre',
    load: id => (id === helper ? 'export const __vitePreload = load => load();' : null),
  };
}

function withPreact(config) {
  return { ...config, resolve: { alias: preact } };
}

/** Terser after Vite's own minifier: together they leave two in a hundred less. */
function squeeze() {
  const options = {
    ecma: 2020,
    module: true,
    compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
  };
  return {
    name: 'maru:squeeze',
    async generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk') chunk.code = (await minify(chunk.code, options)).code;
      }
    },
  };
}

/** The widget has to be small: the hooks without what preact/compat adds for other people's React components. */
function withLittlePreact(config) {
  const alias = [
    { find: 'react/jsx-runtime', replacement: 'preact/jsx-runtime' },
    { find: /^react$/, replacement: at('apps/widget/src/react.ts') },
  ];
  return { ...config, plugins: [...config.plugins, squeeze()], resolve: { alias } };
}

const builds = [
  withPreact(
    shared('apps/pages', {
      home: at('apps/pages/index.html'),
      support: at('apps/pages/support/index.html'),
      shop: at('apps/pages/shop/index.html'),
    }),
  ),
  withLittlePreact(shared('apps/widget', { frame: at('apps/widget/widget/frame.html') })),
  loader(),
  agentConsole(),
];

/** The console keeps only our two languages of React Aria's thirty. */
function agentConsole() {
  const config = shared('apps/console', { console: at('apps/console/console/index.html') });
  config.plugins.push(optimizeLocales.vite({ locales: ['ko-KR', 'en-US'] }));
  return config;
}

/** The embed script: one classic script under an unhashed name. */
function loader() {
  const config = shared('apps/widget', at('apps/widget/src/loader/main.ts'));
  config.build.rolldownOptions.output = { format: 'iife', entryFileNames: 'widget.js' };
  config.plugins.push(squeeze());
  return config;
}

await rm(at('dist'), { recursive: true, force: true });
for (const config of builds) await build(config);
if (!watch) await checkSizes(at('dist'));
