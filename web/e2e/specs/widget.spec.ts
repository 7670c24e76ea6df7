import { hostPage } from '../harness/host';
import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

test('a shop of another origin embeds the widget, and a visitor talks through it', async ({
  browser,
  cast,
  maru,
  watch,
}) => {
  const agent = await cast.agent(AGENTS.kim);
  const { words } = agent;
  const host = await hostPage(maru.url);
  const context = await browser.newContext({ locale: 'ko-KR', viewport: { width: 1280, height: 800 } });
  await watch.over(context);
  // The launcher's shadow root is closed to the host page; the test looks in.
  await context.addInitScript(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (init) {
      return attach.call(this, { ...init, mode: 'open' });
    };
  });
  const page = await context.newPage();
  const asked: string[] = [];
  page.on('request', request => asked.push(request.url()));
  await page.goto(host.near);
  const launcher = page.locator('button.launcher');
  const frame = page.frameLocator('iframe');
  const log = frame.getByRole('region', { name: words('messages'), exact: true });

  await test.step('before a click there is a button and nothing else', async () => {
    await expect(launcher).toHaveAttribute('aria-expanded', 'false');
    expect((await launcher.boundingBox())?.width).toBe(56);
    await page.waitForTimeout(500);
    expect(asked.filter(url => url.startsWith(maru.url))).toEqual([`${maru.url}/widget.js`]);
    await expect(page.locator('iframe')).toHaveCount(0);
  });

  let id = 0;
  await test.step('the visitor asks, the agent answers', async () => {
    await launcher.click();
    await expect(launcher).toHaveAttribute('aria-expanded', 'true');
    const opened = page.waitForResponse(
      answer => answer.url().endsWith('/api/chat/sessions') && answer.request().method() === 'POST',
    );
    await frame
      .getByRole('list', { name: words('ask.categories') })
      .getByRole('button')
      .first()
      .click();
    id = ((await (await opened).json()) as { sessionId: number }).sessionId;
    await frame.getByRole('textbox').fill('이 컵 재고 있나요?');
    await frame.getByRole('textbox').press('Enter');
    await agent.take(id);
    await expect(agent.message('이 컵 재고 있나요?')).toHaveCount(1);
    await agent.say('네, 세 개 있어요');
    await expect(log.getByText('네, 세 개 있어요')).toBeVisible();
    await expect(agent.log.getByText(words('conversation.read'))).toHaveCount(1);
  });

  await test.step('closed, it counts what comes; opened, it is read', async () => {
    await frame.getByRole('textbox').press('Escape');
    await expect(launcher).toHaveAttribute('aria-expanded', 'false');
    await expect(launcher).toBeFocused();
    await agent.say('필요하면 말씀해 주세요');
    await expect(page.locator('.badge')).toHaveText('1');
    await expect(page).toHaveTitle(/^\(1\) /);
    await launcher.press('Enter');
    await expect(log.getByText('필요하면 말씀해 주세요')).toBeVisible();
    await expect(page).toHaveTitle('가게');
    await expect(agent.log.locator('p[data-state]', { hasText: '필요하면' })).toHaveCount(1);
  });

  await test.step('on the next page of the shop the conversation goes on', async () => {
    await page.reload();
    await launcher.click();
    await expect(log.getByText('필요하면 말씀해 주세요')).toHaveCount(1);
    await frame.getByRole('textbox').fill('고마워요');
    await frame.getByRole('textbox').press('Enter');
    await expect(agent.message('고마워요')).toHaveCount(1);
  });

  await test.step('it goes without a trace', async () => {
    await page.evaluate(() => (window as unknown as { Maru: (name: string) => void }).Maru('destroy'));
    await expect(page.locator('iframe, button.launcher')).toHaveCount(0);
  });
  await context.close();
  await host.close();
});

test('where the browser keeps nothing the widget says so, and works for the visit', async ({
  browser,
  cast,
  maru,
  watch,
}) => {
  const agent = await cast.agent(AGENTS.park);
  const host = await hostPage(maru.url);
  const context = await browser.newContext({ locale: 'ko-KR', viewport: { width: 390, height: 844 } });
  await watch.over(context);
  const page = await context.newPage();
  await page.goto(host.far);
  await page.waitForFunction(() => 'Maru' in window);
  await page.evaluate(() => (window as unknown as { Maru: (name: string) => void }).Maru('open'));
  await expect.poll(() => page.frames().length).toBe(2);
  const frame = page.frames()[1];
  if (frame === undefined) throw new Error('the widget has a frame');
  await expect(frame.getByText(agent.words('storage'))).toBeVisible();
  const opened = page.waitForResponse(
    answer => answer.url().endsWith('/api/chat/sessions') && answer.request().method() === 'POST',
  );
  await frame
    .getByRole('list', { name: agent.words('ask.categories') })
    .getByRole('button')
    .first()
    .click();
  const { sessionId } = (await (await opened).json()) as { sessionId: number };
  await frame.getByRole('textbox').fill('비공개 창에서');
  await frame.getByRole('textbox').press('Enter');
  await agent.take(sessionId);
  await expect(agent.message('비공개 창에서')).toHaveCount(1);

  await page.reload();
  await page.waitForFunction(() => 'Maru' in window);
  await page.evaluate(() => (window as unknown as { Maru: (name: string) => void }).Maru('open'));
  await expect.poll(() => page.frames()[1]?.getByText('비공개 창에서').count()).toBe(1);
  await context.close();
  await host.close();
});

test('an accent of the shop reads in light and dark, whatever colour it is', async ({
  browser,
  maru,
  watch,
}) => {
  for (const accent of ['#ffe600', '#000080', 'tomato', '#00ff88', '#1f6f54', 'rgb(250 250 250)']) {
    const host = await hostPage(maru.url, accent);
    for (const scheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme: scheme });
      await watch.over(context);
      const page = await context.newPage();
      await page.goto(host.near);
      await page.waitForFunction(() => 'Maru' in window);
      await page.evaluate(() => (window as unknown as { Maru: (name: string) => void }).Maru('open'));
      await expect.poll(() => page.frames().length).toBe(2);
      const frame = page.frames()[1];
      await frame?.waitForSelector('h1');
      const contrasts = await frame?.evaluate(() => {
        /** Token by token as the browser paints it: text on what it stands on. */
        const paint = (token: string) => {
          const probe = document.createElement('i');
          probe.className = 'probe';
          probe.style.color = `var(${token})`;
          document.body.append(probe);
          const canvas = new OffscreenCanvas(1, 1).getContext('2d');
          if (canvas === null) throw new Error('a canvas paints');
          canvas.fillStyle = getComputedStyle(probe).color;
          canvas.fillRect(0, 0, 1, 1);
          probe.remove();
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(c =>
            c <= 10 ? c / 3294 : (c / 269 + 0.0513) ** 2.4,
          ) as [number, number, number];
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const names = document.documentElement.style;
        const [accent = '', strong = '', tint = '', , on = ''] = [...names];
        return [
          [accent, tint],
          [on, accent],
          [on, strong],
        ].map(([text = '', ground = '']) => {
          const [low = 0, high = 0] = [paint(text), paint(ground)].sort((a, b) => a - b);
          return (high + 0.05) / (low + 0.05);
        });
      });
      for (const contrast of contrasts ?? [0])
        expect.soft(contrast, `${accent} ${scheme}`).toBeGreaterThan(4.5);
      await context.close();
    }
    await host.close();
  }
});
