import { AGENTS, Maru } from '../harness/maru';
import { expect, test } from '../harness/test';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Open on the day after tomorrow only, so that it is closed now in every zone. */
function closedNow(): Record<string, string> {
  const day = DAYS[(new Date().getUTCDay() + 2) % 7];
  return {
    MARU_SUPPORT__OPENING_HOURS: `${day} 09:00-18:00`,
    MARU_SERVER__TIME_ZONE: 'Asia/Seoul',
  };
}

test('before the first message one sees whether somebody is there, and how many wait', async ({ castOf }) => {
  const maru = await Maru.begin();
  const cast = castOf(maru);
  const early = await cast.customer({ name: '첫째' });
  const state = early.page.getByRole('status').first();
  await expect(state).toContainText(early.words('desk.none'));
  await expect(state).toContainText(early.words('desk.promise'));
  await early.ask('아무도 안 계세요?');
  await expect(early.page.getByText(early.words('desk.none'))).toBeVisible();

  const agent = await cast.agent(AGENTS.kim);
  const next = await cast.customer({ name: '둘째' });
  const now = next.page.getByRole('status').first();
  await expect(now).toContainText(next.words('desk.open'));
  await expect(now).toContainText(next.words('queue.ahead', { count: 1 }));
  await expect(now).not.toContainText(next.words('desk.promise'));

  await agent.be('AWAY');
  await expect(async () => {
    await next.page.reload();
    await expect(now).toContainText(next.words('desk.none'), { timeout: 1000 });
  }).toPass();
  await maru.stop();
});

test('out of hours the page says when it opens, and a question may be left', async ({ browser, castOf }) => {
  const closed = await Maru.begin(closedNow());
  for (const locale of ['ko', 'en'] as const) {
    const customer = await castOf(closed).customer({ locale });
    const { words, page } = customer;
    const state = page.getByRole('status').first();
    await expect(state).toContainText(words('desk.closed'));
    await expect(state).toContainText(/9:00/);
    await expect(state).toContainText('09:00–18:00');
    await expect(state).toContainText(words('desk.promise'));
    await customer.ask('문 열면 답해 주세요');
    await expect(customer.message('문 열면 답해 주세요')).toBeVisible();
    await expect(page.getByText(words('desk.closed'))).toBeVisible();
  }

  await test.step('whoever lives elsewhere is told the zone', async () => {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Paris' });
    const page = await context.newPage();
    await page.goto(`${closed.url}/widget/frame`);
    await expect(page.getByText('(Asia/Seoul)')).toBeVisible();
    await context.close();
  });
  await closed.stop();
});

test('the colours of waiting follow the server’s steps', async ({ castOf }) => {
  const hasty = await Maru.begin({
    MARU_SUPPORT__WAIT_WARN_S: '1',
    MARU_SUPPORT__LONG_WAIT_S: '8',
  });
  const cast = castOf(hasty);
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const id = await customer.ask('얼마나 기다리나요?');
  await expect(agent.row(id).locator('[data-patience="long"]')).toBeVisible();
  await expect(agent.row(id)).toContainText(agent.words('patience.long'));
  await expect(agent.row(id).locator('[data-patience="late"]')).toBeVisible();
  await expect(agent.row(id)).toContainText(agent.words('patience.late'));
  await hasty.stop();
});
