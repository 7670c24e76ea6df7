import type { Page } from '@playwright/test';

/** What `look` sees when it sees the same twice. */
export async function atRest<Seen>(look: () => Promise<Seen>): Promise<Seen> {
  let seen = await look();
  for (;;) {
    await new Promise(done => setTimeout(done, 150));
    const again = await look();
    if (JSON.stringify(again) === JSON.stringify(seen)) return again;
    seen = again;
  }
}

/** Holds the page's requests of that address until the gate is opened. */
export async function gateBefore(page: Page, address: string): Promise<{ open: () => void }> {
  let open = () => {};
  const opened = new Promise<void>(done => {
    open = done;
  });
  await page.route(address, async route => {
    await opened;
    await route.continue();
  });
  return { open };
}
