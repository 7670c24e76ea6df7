// Builds every page into web/dist, laid out as the URLs are: index.html, support/, shop/, rooms/, console/, widget.js,
// widget/frame.html and hashed files in assets/. `--watch` builds again on every change.
import { readdirSync, readFileSync } from 'node:fs';
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

/** Every class and animation of the pages' own styles, numbered: the same short names in every build. */
const classNames = new Map();
for (const folder of ['packages', 'apps']) {
  const files = readdirSync(at(folder), { recursive: true }).filter(file => file.endsWith('.module.css'));
  for (const file of files.sort()) {
    const styles = readFileSync(at(`${folder}/${file}`), 'utf8');
    for (const [, name] of styles.matchAll(/(?:\.|@keyframes )([a-zA-Z][\w-]*)/g)) {
      const key = `${folder}/${file} ${name}`;
      if (!classNames.has(key)) classNames.set(key, `m${classNames.size.toString(36)}`);
    }
  }
}

function shortName(name, file) {
  const key = `${relative(at('.'), file.split('?')[0])} ${name}`;
  if (!classNames.has(key)) throw new Error(`no name for ${key}`);
  return classNames.get(key);
}

const SHARED_TEXTS = at('packages/ui/src/texts');
const CUSTOMER_TEXTS = at('packages/react/src/customer/texts');
/** Shared texts that no screen of the widget shows; customers are not told of their own coming. */
const NOT_IN_WIDGET = /^(?:theme|cancel$|error\.unknown|system\.(?:joined|returned)-member)/;

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
    plugins: [shortTokens(), usedTokens(), plainImports(), plainClasses()],
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
        output: {},
      },
    },
  };
}

/** The design tokens' names are for people; the built files number them. */
function shortTokens() {
  const tokens = readFileSync(at('packages/ui/src/tokens.css'), 'utf8').matchAll(/^ +(--[\w-]+):/gm);
  const short = new Map([...tokens].map(([, name], index) => [name, `--${index.toString(36)}`]));
  return {
    name: 'maru:short-tokens',
    enforce: 'pre',
    transform: (code, id) =>
      /packages|apps/.test(id) && /\.(?:css|tsx?)$/.test(id)
        ? { code: code.replace(/--[a-z][\w-]*/g, name => short.get(name) ?? name), map: null }
        : null,
  };
}

/** Leaves out the tokens that nothing on these pages uses. */
function usedTokens() {
  return {
    name: 'maru:used-tokens',
    enforce: 'post',
    generateBundle(_, bundle) {
      const styles = Object.values(bundle).filter(({ fileName }) => fileName.endsWith('.css'));
      const used = new Set(
        styles.flatMap(({ source }) => [...String(source).matchAll(/var\((--\w+)/g)].map(m => m[1])),
      );
      for (const style of styles) {
        style.source = String(style.source).replace(/(--[0-9a-z]{1,2}):[^;}]+;?/g, (all, name) =>
          used.has(name) ? all : '',
        );
      }
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

/** Class names are put where they are used, instead of looked up in an object by their long names. */
function plainClasses() {
  const imported = /^import (\w+) from ('[^']+\.module\.css');$/gm;
  const inPlace = {
    name: 'maru:plain-classes',
    enforce: 'pre',
    transform: (code, id) =>
      id.endsWith('.tsx') ? { code: code.replace(imported, 'import * as $1 from $2;'), map: null } : null,
  };
  // Styles whose names all went elsewhere are left out with their module: a statement holds it until the chunk is made.
  const held = 'globalThis.held;';
  const kept = {
    name: 'maru:kept-styles',
    enforce: 'post',
    transform: (code, id) =>
      id.endsWith('.module.css') ? { code: `${code}\n${held}`, map: null, moduleSideEffects: true } : null,
    renderChunk: code => ({ code: code.replaceAll(held, ''), map: null }),
  };
  return [inPlace, kept];
}

/** All texts of a page in one language are one file. */
function withTexts(config, folders, unused) {
  const sources = [at('packages'), config.root];
  return { ...config, plugins: [...texts({ folders, sources, unused }), ...config.plugins] };
}

function withPreact(config) {
  return { ...config, resolve: { alias: preact } };
}

/**
 * Members that never leave the page: no frame, answer, storage or message between windows has them, no element either.
 * In the widget they get short names.
 */
const OWN_MEMBERS = `
  alive announce around atBottom attempt attentive autoFocus baseUrl bearer begin cause claim
  countUnread logId olderFrom discard dispose exclusively field firstUnread firstUnreadSeq foot greeting
  hasOlder heardAt http insert lasting leaveNow loadingOlder loadOlder mailTranscript markRead
  mySessions mySide namespace newDay onBack onClose onContinue onEarlier onEvent onNext onNo
  onOpen onRefusal onRefused onStart onStarted onUnread onYes openSession outbox ownRead pageOf
  alter readBy readSeq refusal refused renew rest retryAfterMs retryAt setLocale silenceMs socket
  storageKept tabs takeOther timer toBottom tokenNow undo unreadOnes webSocket whileOpen
`
  .trim()
  .split(/\s+/);

/** Terser after Vite's own minifier: together they leave two in a hundred less. */
function squeeze() {
  for (const file of ['packages/client/src/generated/schema.d.ts', 'apps/widget/src/protocol.ts']) {
    const words = new Set(readFileSync(at(file), 'utf8').match(/\w+/g));
    const outside = OWN_MEMBERS.find(name => words.has(name));
    if (outside) throw new Error(`${outside} is no member of our own: ${file} has it`);
  }
  const options = {
    ecma: 2020,
    module: true,
    compress: { passes: 5, pure_getters: true, unsafe_arrows: true, unsafe: true },
    // Preact's own marks on its nodes begin with __.
    mangle: { properties: { regex: new RegExp(`^(?:__[a-zA-Z]|${OWN_MEMBERS.join('|')})$`) } },
  };
  return {
    name: 'maru:squeeze',
    enforce: 'post',
    async generateBundle(_, bundle) {
      for (const part of Object.values(bundle)) {
        // A dynamic import is an import: the helper around it has nothing left to do.
        if (part.type === 'chunk') {
          const code = part.code.replace(/\w+\(\(\) ?=> ?(import\([^)]*\)), ?__VITE_PRELOAD__\)/g, '$1');
          part.code = (await minify(code, options)).code;
        }
        // All files are of one origin.
        if (part.fileName.endsWith('.html')) {
          part.source = String(part.source).replaceAll(' crossorigin', '').replace(/>\s+</g, '><').trim();
        }
      }
    },
  };
}

/** The widget has to be small: the hooks without what preact/compat adds for other people's React components. */
function withLittlePreact(config) {
  const alias = [{ find: /^react$/, replacement: at('apps/widget/src/react.ts') }];
  const oxc = {
    jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' },
    jsxInject: "import { h, Fragment } from 'preact';",
  };
  return { ...config, plugins: [...config.plugins, squeeze()], resolve: { alias }, oxc };
}

const builds = [
  withTexts(
    withPreact(
      shared('apps/pages', {
        home: at('apps/pages/index.html'),
        support: at('apps/pages/support/index.html'),
        shop: at('apps/pages/shop/index.html'),
        rooms: at('apps/pages/rooms/index.html'),
      }),
    ),
    [SHARED_TEXTS, CUSTOMER_TEXTS, at('apps/pages/src/texts')],
  ),
  withTexts(
    withLittlePreact(shared('apps/widget', { frame: at('apps/widget/widget/frame.html') })),
    [SHARED_TEXTS, CUSTOMER_TEXTS],
    NOT_IN_WIDGET,
  ),
  loader(),
  agentConsole(),
];

/** The console keeps only our two languages of React Aria's thirty. */
function agentConsole() {
  const config = shared('apps/console', { console: at('apps/console/console/index.html') });
  config.plugins.push(optimizeLocales.vite({ locales: ['ko-KR', 'en-US'] }));
  return withTexts(config, [SHARED_TEXTS, at('apps/console/src/texts')]);
}

/** The embed script: one classic script under an unhashed name. */
function loader() {
  const config = shared('apps/widget', at('apps/widget/src/loader/main.ts'));
  config.build.rolldownOptions.output = { format: 'iife', entryFileNames: 'widget.js' };
  const styles = {
    name: 'maru:one-line',
    transform: (code, id) =>
      id.endsWith('/style.ts') ? { code: code.replace(/([{};,])\n/g, '$1'), map: null } : null,
  };
  config.plugins.push(styles, squeeze());
  return config;
}

await rm(at('dist'), { recursive: true, force: true });
for (const config of builds) await build(config);
if (!watch) await checkSizes(at('dist'));
