// The pictures of the README, from the real pages: `make run` in one window, `node web/e2e/screenshots.mjs` in another.
import { chromium } from '@playwright/test';

const at = process.env.MARU_URL ?? 'http://localhost:8080';
const docs = new URL('../../docs/', import.meta.url).pathname;
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

async function visit(path, locale) {
  const look = { locale, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' };
  const context = await browser.newContext(look);
  // The launcher's shadow root is closed to the page.
  await context.addInitScript(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (init) {
      return attach.call(this, { ...init, mode: 'open' });
    };
  });
  const page = await context.newPage();
  await page.goto(at + path);
  return page;
}

async function say(page, text) {
  await page.getByRole('textbox').last().fill(text);
  await page.getByRole('textbox').last().press('Enter');
}

const shop = await visit('/shop', 'ko-KR');
await shop.locator('button.launcher').click();
const widget = shop.frameLocator('iframe');
await widget.getByRole('list').getByRole('button').first().click();
await widget.getByRole('textbox').fill('달항아리는 언제 다시 들어오나요?');
await widget.getByRole('textbox').press('Enter');

const desk = await visit('/console', 'ko-KR');
await desk.getByLabel('아이디').fill('agent1');
await desk.getByLabel('비밀번호').first().fill('maru-demo');
await desk.keyboard.press('Enter');
await desk.locator('li[data-row]', { hasText: '달항아리는' }).getByRole('link').click();
await desk.getByRole('button', { name: '상담 시작' }).click();
for (const text of [
  '안녕하세요! 다음 주 수요일에 스무 점이 새로 들어와요.',
  '원하시면 들어오는 대로 알려 드릴게요.',
]) {
  await say(desk, text);
  await widget.getByText(text, { exact: true }).waitFor();
}
await widget.getByRole('textbox').fill('네, 알려 주세요. 감사합니다!');
await widget.getByRole('textbox').press('Enter');
await desk.getByText('네, 알려 주세요.').first().waitFor();
await shop.waitForTimeout(500);
await shop.screenshot({ path: `${docs}screenshot-widget.png` });
await desk.screenshot({ path: `${docs}screenshot-console.png` });
await browser.close();
