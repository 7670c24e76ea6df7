// Builds every page into web/dist, laid out as the URLs are: index.html, support/, shop/, console/, widget.js,
// widget/frame.html and hashed files in assets/. `--watch` builds again on every change.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { texts } from '@maru/ui/vite';
import optimizeLocales from '@react-aria/optimize-locales-plugin';
import { build } from 'vite';
import { checkSizes } from './sizes.mjs';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const watch = process.argv.includes('--watch');
const preact = {
  react: 'preact/compat',
  'react-dom': 'preact/compat',
  'react/jsx-runtime': 'preact/jsx-runtime',
};

/** What all builds share. Assets are never inlined as data: URLs, which the pages' CSP refuses. */
function shared(root, input) {
  return {
    configFile: false,
    root: at(root),
    base: '/',
    logLevel: 'warn',
    publicDir: false,
    plugins: [texts()],
    build: {
      outDir: at('dist'),
      emptyOutDir: false,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
      watch: watch ? {} : null,
      rolldownOptions: { input },
    },
  };
}

function withPreact(config) {
  return { ...config, resolve: { alias: preact } };
}

const builds = [
  withPreact(
    shared('apps/pages', {
      home: at('apps/pages/index.html'),
      support: at('apps/pages/support/index.html'),
      shop: at('apps/pages/shop/index.html'),
    }),
  ),
  withPreact(shared('apps/widget', { frame: at('apps/widget/widget/frame.html') })),
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
  return config;
}

await rm(at('dist'), { recursive: true, force: true });
for (const config of builds) await build(config);
if (!watch) await checkSizes(at('dist'));
