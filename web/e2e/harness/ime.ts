import type { Page } from '@playwright/test';

/**
 * Types as a Korean input method does: the syllable composes, then one Enter (which the browser reports as 229 while it
 * ends the composition) puts it in. That Enter is the only one.
 */
export async function composeAndEnter(page: Page, steps: readonly string[]): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  for (const text of steps) {
    const at = text.length;
    await browser.send('Input.imeSetComposition', { text, selectionStart: at, selectionEnd: at });
  }
  await browser.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Process',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
    nativeVirtualKeyCode: 229,
  });
  await browser.send('Input.insertText', { text: steps.at(-1) ?? '' });
  await browser.send('Input.dispatchKeyEvent', {
    type: 'keyUp',
    key: 'Enter',
    code: 'Enter',
    windowsVirtualKeyCode: 13,
  });
  await browser.detach();
}
