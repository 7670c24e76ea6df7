import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

test('who is away starts no chat, is told why, and is handed none', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const park = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  const id = await customer.ask('계세요?');

  await test.step('the choice is on every page, and start says why it waits', async () => {
    await kim.page.goto(`${kim.maru.url}/console/dashboard`);
    await kim.be('AWAY');
    await kim.page.goto(`${kim.maru.url}/console/waiting/${id}`);
    await expect(kim.button('conversation.start')).toBeDisabled();
    await expect(kim.page.getByText(kim.words('conversation.whileAway'))).toBeVisible();
  });

  await test.step('another agent sees it at once and cannot hand a chat there', async () => {
    await park.take(id);
    await park.button('conversation.transfer').click();
    const dialog = park.page.getByRole('dialog');
    await expect(dialog.getByRole('radio', { name: AGENTS.kim.name })).toBeDisabled();
    await kim.be('BUSY');
    await expect(dialog.getByRole('radio', { name: AGENTS.kim.name })).toBeEnabled();
    await expect(dialog.getByText(kim.words('availability.BUSY'))).toBeVisible();
    await park.page.keyboard.press('Escape');
    await park.end();
  });

  await test.step('one press makes the agent available again', async () => {
    await kim.be('AWAY');
    const next = await (await cast.customer()).ask('다시 왔어요');
    await kim.open(next);
    await kim.button('conversation.comeBack').click();
    await kim.button('conversation.start').click();
    await expect(kim.box).toBeVisible();
    await kim.end();
  });
});

test('a choice of readiness stays over a reload and shows in the agent’s other windows', async ({ cast }) => {
  const one = await cast.agent(AGENTS.park);
  const two = await cast.agent(AGENTS.park);
  const said = (agent: typeof one) =>
    agent.page.getByRole('button', { name: `${agent.words('availability')}:` });
  await one.be('BUSY');
  await expect(said(two)).toContainText(two.words('availability.BUSY'));
  await one.page.reload();
  await expect(said(one)).toContainText(one.words('availability.BUSY'));
  await one.be('AVAILABLE');
  await expect(said(two)).toContainText(two.words('availability.AVAILABLE'));
});
