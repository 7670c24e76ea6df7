import { AGENTS, Maru } from '../harness/maru';
import { expect, test } from '../harness/test';

const SOON_MS = 2500;

test('a second tab that closes means nobody left', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const id = await customer.ask('탭 두 개');
  await agent.take(id);
  const second = await customer.secondTab();
  await expect(second.message('탭 두 개')).toHaveCount(1);
  await second.say('둘째 탭에서');
  for (const one of [customer, second, agent]) await expect(one.message('둘째 탭에서')).toHaveCount(1);

  await second.page.close();
  await agent.page.waitForTimeout(SOON_MS);
  const state = agent.conversation.getByText(agent.words('status.ACTIVE'), { exact: true });
  await expect(state).toBeVisible();
  await customer.page.close();
  await expect(
    agent.conversation.getByText(agent.words('status.DISCONNECTED'), { exact: true }),
  ).toBeVisible();
});

test('when the grace is over the session ends, and says why', async ({ castOf }) => {
  const maru = await Maru.begin({ MARU_SUPPORT__GRACE_S: '6' });
  const cast = castOf(maru);
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('잠깐만요'));
  await customer.page.goto('about:blank');
  await expect(agent.conversation.getByText(agent.words('conversation.graceLeft'))).toBeVisible();
  await expect(agent.conversation.getByText(agent.words('conversation.endedBy.S'))).toBeVisible();
  await expect(agent.box).toHaveCount(0);
  await customer.page.goto(`${maru.url}/support`);
  await customer.page
    .getByRole('button')
    .filter({ hasText: customer.words('status.COMPLETED') })
    .click();
  await expect(customer.message('잠깐만요')).toBeVisible();
  await maru.stop();
});

test('an answer that comes late does not undo what happened since', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const id = await customer.ask('시작하자마자 나가요');
  let answer = () => {};
  const late = new Promise<void>(done => {
    answer = done;
  });
  await agent.page.route('**/start', async route => {
    const response = await route.fetch();
    await late;
    await route.fulfill({ response });
  });
  await agent.take(id);
  await customer.page.goto('about:blank');
  const left = agent.conversation.getByText(agent.words('conversation.graceLeft'));
  await expect(left).toBeVisible();
  const answered = agent.page.waitForResponse('**/start');
  answer();
  await (await answered).finished();
  await agent.page.waitForTimeout(300);
  await expect(left).toBeVisible();
  await agent.view('mine');
  await expect(agent.row(id)).toContainText(agent.words('status.DISCONNECTED'));
});

test('a server killed during the grace ends the session when it is back', async ({ castOf }) => {
  const maru = await Maru.begin({ MARU_SUPPORT__GRACE_S: '6' });
  const cast = castOf(maru);
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('잠깐만요'));
  await customer.page.goto('about:blank');
  await expect(agent.conversation.getByText(agent.words('conversation.graceLeft'))).toBeVisible();
  await maru.kill();
  await maru.start();
  const ended = agent.conversation.getByText(agent.words('conversation.endedBy.S'));
  await expect(ended).toBeVisible({ timeout: 45_000 });
  await maru.stop();
});
