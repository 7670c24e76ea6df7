import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

test('a chat marked unread stays so over a reload and on other devices, until it is looked at', async ({
  cast,
}) => {
  const agent = await cast.agent(AGENTS.kim);
  const other = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const id = await customer.ask('이따가 답해 주셔도 돼요');
  await agent.take(id);
  await expect(customer.log.getByText(customer.words('tick.read'))).toBeAttached();
  const badge = (who: typeof agent) => who.row(id).getByText(who.words('list.unread', { count: 1 }));

  await agent.button('conversation.more').click();
  await agent.page
    .getByRole('dialog')
    .getByRole('button', { name: agent.words('conversation.unread') })
    .click();
  await agent.view('mine');
  await expect(badge(agent)).toBeAttached();
  await other.view('mine');
  await expect(badge(other)).toBeAttached();
  await expect(agent.page).toHaveTitle(/^\([1-9]/);
  await expect(customer.log.getByText(customer.words('tick.read'))).toBeAttached();

  await agent.page.reload();
  await agent.view('mine');
  await expect(badge(agent)).toBeAttached();
  await agent.page.waitForTimeout(1000);
  await expect(badge(agent)).toBeAttached();

  await agent.open(id, 'mine');
  await agent.box.click();
  await expect(badge(agent)).toHaveCount(0);
  await expect(badge(other)).toHaveCount(0);
  await agent.end();
});

test('an agent sees who else looks at the chat; the customer does not', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const park = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  const id = await customer.ask('누가 보고 있나요?');
  await kim.take(id);
  const said = kim.conversation.getByText(kim.words('conversation.viewers', { names: AGENTS.park.name }));
  await expect(said).toHaveCount(0);
  await park.open(id, 'all');
  await expect(said).toBeVisible();
  await expect(park.conversation.getByText(/보고 있어요/)).toHaveCount(0);
  await expect(customer.page.getByText(AGENTS.park.name)).toHaveCount(0);
  await park.page.goto(`${park.maru.url}/console/dashboard`);
  await expect(said).toHaveCount(0);
  await kim.end();
});
