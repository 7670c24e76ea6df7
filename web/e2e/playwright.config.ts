import { defineConfig } from '@playwright/test';

/** Real Chromium against a real `maru` (MARU_BIN, else target/debug/maru). No retries: a race is a fault. */
export default defineConfig({
  testDir: 'specs',
  outputDir: 'results/artifacts',
  forbidOnly: true,
  retries: 0,
  workers: 2,
  fullyParallel: false,
  // Far more than a slow machine needs: what is late is no fault here, what never comes is.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: 'results/report.json' }]],
  use: {
    screenshot: 'only-on-failure',
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
