import { AGENTS, Maru } from '../harness/maru';
import { expect, type Locator, test } from '../harness/test';

/** What somebody's log shows, line by line. */
async function textsOf(log: Locator): Promise<string[]> {
  return (await log.locator('p[data-state="stored"]').allInnerTexts()).map(
    text => text.split('\n').at(-1) ?? '',
  );
}

test('a killed server comes back, and nothing that was written is lost or doubled', async ({ castOf }) => {
  const maru = await Maru.begin();
  const cast = castOf(maru);
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const id = await customer.ask('1: 처음');
  await agent.take(id);
  await agent.say('2: 대답');
  await expect(customer.message('2: 대답')).toBeVisible();

  await maru.kill();
  await expect(agent.chip).not.toHaveText(agent.words('chip.live'));
  for (const text of ['3: 끊긴 동안 하나', '4: 끊긴 동안 둘']) await customer.say(text);
  await agent.say('5: 상담원도 하나');
  await expect(agent.message('5: 상담원도 하나')).toHaveAttribute('data-state', 'pending');
  await maru.start();

  await expect(agent.chip).toHaveText(agent.words('chip.live'), { timeout: 45_000 });
  for (const text of ['1: 처음', '2: 대답', '3: 끊긴 동안 하나', '4: 끊긴 동안 둘', '5: 상담원도 하나']) {
    for (const log of [customer.log, agent.log]) {
      const shown = log.locator('p[data-state="stored"]', { hasText: text });
      await expect(shown).toHaveCount(1, { timeout: 45_000 });
    }
  }
  const seen = await textsOf(customer.log);
  expect(seen).toEqual(await textsOf(agent.log));
  expect(seen.indexOf('3: 끊긴 동안 하나')).toBeLessThan(seen.indexOf('4: 끊긴 동안 둘'));
  await agent.say('6: 계속해요');
  await expect(customer.message('6: 계속해요')).toHaveCount(1);
  await expect(agent.conversation.getByText(agent.words('status.ACTIVE'), { exact: true })).toBeVisible();
  await maru.stop();
});

test('what was written into a dead line survives a reload of the page', async ({ castOf }) => {
  const maru = await Maru.begin();
  const cast = castOf(maru);
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('질문'));
  await customer.context.setOffline(true);
  await customer.say('터널에서 쓴 말');
  await expect(customer.message('터널에서 쓴 말')).toHaveAttribute('data-state', 'pending');
  await customer.context.setOffline(false);
  await customer.page.reload();
  await expect(agent.message('터널에서 쓴 말')).toHaveCount(1, { timeout: 30_000 });
  await expect(customer.message('터널에서 쓴 말')).toHaveCount(1);
  await maru.stop();
});
