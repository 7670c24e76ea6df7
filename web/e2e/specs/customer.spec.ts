import { hostPage } from '../harness/host';
import { AGENTS } from '../harness/maru';
import { expect, type Locator, test } from '../harness/test';

const MANY = 64;

/** Where the message is on screen, in pixels from the top of the list. */
function heightOf(message: Locator): Promise<number> {
  return message.evaluate(element => {
    const list = element.closest('[tabindex="0"]');
    return element.getBoundingClientRect().top - (list?.getBoundingClientRect().top ?? 0);
  });
}

test('the language changes at once and a draft stays, also over a reload', async ({ cast }) => {
  const customer = await cast.customer();
  await customer.ask('언어');
  await customer.box.fill('쓰다 만 글');
  await customer.page.getByRole('button', { name: 'English' }).click();
  await expect(customer.page.getByRole('button', { name: 'Cancel request' })).toBeVisible();
  await expect(customer.page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(customer.box).toHaveValue('쓰다 만 글');
  await customer.page.reload();
  await expect(customer.box).toHaveValue('쓰다 만 글');
  await expect(customer.box).toHaveAttribute('placeholder', 'Write a message');
});

test('earlier messages come in above without moving what is being read', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('처음'));
  for (let n = 1; n <= MANY; n++) await customer.say(`${n}번째 말 ${'길게 '.repeat(n % 9)}`);
  await expect(agent.message(`${MANY}번째 말`)).toHaveCount(1, { timeout: 60_000 });
  await customer.page.reload();
  await expect(customer.message(`${MANY}번째 말`)).toHaveCount(1);
  await expect(customer.message('처음')).toHaveCount(0);

  const eye = customer.message('20번째 말');
  await eye.evaluate(element => element.scrollIntoView({ block: 'start' }));
  const before = await heightOf(eye);
  const list = customer.log.locator('ol');
  const rows = await list.locator('li').count();
  await customer.log.getByRole('button', { name: customer.words('messages.older') }).dispatchEvent('click');
  await expect.poll(() => list.locator('li').count()).toBeGreaterThan(rows);
  expect(Math.abs((await heightOf(eye)) - before)).toBeLessThanOrEqual(1);

  await test.step('what comes below is counted, and one press leads there', async () => {
    await agent.say('아래에서 온 말');
    const jump = customer.page.getByRole('button', { name: customer.words('messages.new', { count: 1 }) });
    await expect(jump).toBeVisible();
    expect(Math.abs((await heightOf(eye)) - before)).toBeLessThanOrEqual(1);
    await jump.click();
    await expect(customer.message('아래에서 온 말')).toBeInViewport();
    await expect(jump).toHaveCount(0);
  });
});

test('what was written without a network is sent once and in order, also after a reload', async ({
  cast,
}) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('지하철'));
  await customer.context.setOffline(true);
  for (const text of ['터널 하나', '터널 둘', '터널 셋']) await customer.say(text);
  await expect(customer.page.getByText(customer.words('connection.offline'))).toBeVisible({
    timeout: 40_000,
  });
  await customer.context.setOffline(false);
  await customer.page.reload();
  for (const text of ['터널 하나', '터널 둘', '터널 셋']) await expect(agent.message(text)).toHaveCount(1);
  const order = await agent.log.locator('p[data-state]', { hasText: '터널' }).allInnerTexts();
  expect(order.map(text => text.trim().slice(-1))).toEqual(['나', '둘', '셋']);
});

test('a frame that does not answer goes, and the host page stays usable', async ({ browser, maru }) => {
  const host = await hostPage(maru.url);
  const context = await browser.newContext({ locale: 'ko-KR' });
  await context.addInitScript(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (init) {
      return attach.call(this, { ...init, mode: 'open' });
    };
  });
  const page = await context.newPage();
  await page.clock.install();
  await page.route('**/widget/frame', route => route.fulfill({ contentType: 'text/html', body: 'nothing' }));
  await page.goto(host.near);
  await page.locator('button.launcher').click();
  await expect(page.locator('iframe')).toHaveCount(1);
  await page.clock.runFor(15_500);
  await expect(page.locator('iframe')).toHaveCount(0);
  await expect(page.getByText('상담 창을 열지 못했어요')).toBeVisible();
  await page.unroute('**/widget/frame');
  await page.locator('button.launcher').click();
  await expect(page.frameLocator('iframe').getByRole('heading')).toBeVisible();
  await context.close();
  await host.close();
});
