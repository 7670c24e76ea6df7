import { fileURLToPath } from 'node:url';
import { texts } from '@maru/ui/vite';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const preact = [
  { find: 'react-dom/client', replacement: 'preact/compat/client' },
  { find: /^react-dom$/, replacement: 'preact/compat' },
  { find: /^react\/(jsx(?:-dev)?-runtime)$/, replacement: 'preact/$1' },
  { find: /^react$/, replacement: here('web/packages/react/test/preact.ts') },
];

/** Views are tested twice, under React and under Preact: the same source must run on both. */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [texts()],
        test: {
          name: 'core',
          include: ['web/packages/client/test/**/*.test.ts', 'web/packages/ui/test/**/*.test.ts'],
        },
      },
      {
        plugins: [texts()],
        test: {
          name: 'react',
          include: ['web/packages/react/test/**/*.test.tsx', 'web/apps/console/test/**/*.test.{ts,tsx}'],
          environment: 'happy-dom',
        },
      },
      {
        plugins: [texts()],
        resolve: { alias: preact },
        test: {
          name: 'preact',
          root: here('.'),
          include: [
            'web/packages/react/test/**/*.test.tsx',
            'web/apps/{widget,pages}/test/**/*.test.{ts,tsx}',
          ],
          environment: 'happy-dom',
        },
      },
    ],
  },
});
