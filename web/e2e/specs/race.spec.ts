import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

test('of two agents who start one session at once one has it, the other is told who', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const park = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  for (let round = 0; round < 3; round += 1) {
    const id = await customer.ask(`${round}번째`);
    for (const agent of [kim, park]) {
      await agent.page.goto(`${agent.maru.url}/console/waiting/${id}`);
      await expect(agent.button('conversation.start')).toBeEnabled();
    }
    await Promise.all(
      [kim, park].map(agent =>
        agent.button('conversation.start').evaluate((one: HTMLElement) => one.click()),
      ),
    );
    const won = async (agent: typeof kim) => (await agent.box.count()) === 1;
    await expect.poll(async () => Number(await won(kim)) + Number(await won(park))).toBe(1);
    const [winner, loser, name] = (await won(kim))
      ? [kim, park, AGENTS.kim.name]
      : [park, kim, AGENTS.park.name];
    await expect(loser.conversation).toContainText(loser.words('conversation.otherNote', { name }));
    await loser.view('waiting');
    await expect(loser.row(id)).toHaveCount(0);
    await winner.end();
    await customer.button('ended.again').click();
  }
});

test('whoever looks at a waiting session sees at once that another took it', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const park = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  const id = await customer.ask('누구든지');
  await kim.view('waiting');
  await kim.row(id).hover();
  await park.take(id);
  await expect(kim.row(id)).toContainText(kim.words('list.taken', { name: AGENTS.park.name }));
  await kim.conversation.hover();
  await expect(kim.row(id)).toHaveCount(0);
});
