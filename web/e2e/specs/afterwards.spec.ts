import { readFile } from 'node:fs/promises';
import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

test('an ended chat is rated by keyboard, taken along, and continued', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const { page, words } = customer;
  const first = await customer.ask('달항아리는 언제 오나요?');
  await agent.take(first);
  await agent.say('수요일에 와요');
  await expect(customer.message('수요일에 와요')).toBeVisible();

  await test.step('ending asks once; "keep going" ends nothing and gives the focus back', async () => {
    await customer.button('session.end').click();
    await customer.button('confirm.no').click();
    await expect(customer.box).toBeVisible();
    await expect(customer.button('session.end')).toBeFocused();
    await customer.button('session.end').click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: words('session.end') })
      .click();
    await expect(page.getByText(words('ended'), { exact: true })).toBeVisible();
  });

  await test.step('arrow keys choose, Enter sends', async () => {
    await page.getByRole('radio', { name: words('rating.score', { score: 1 }) }).focus();
    for (let n = 1; n < 4; n++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await expect(page.getByRole('radio', { name: words('rating.score', { score: 4 }) })).toBeChecked();
    await page.keyboard.press('Tab');
    await page.keyboard.type('친절했어요');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect(page.getByText(words('rating.thanks', { score: 4 }))).toBeVisible();
  });

  await test.step('it may be changed', async () => {
    await customer.button('rating.change').click();
    await expect(page.getByRole('textbox')).toHaveValue('친절했어요');
    await page.getByRole('radio', { name: words('rating.score', { score: 5 }) }).press('Space');
    await customer.button('composer.send').click();
    await expect(page.getByText(words('rating.thanks', { score: 5 }))).toBeVisible();
  });

  await test.step('the text holds what was said', async () => {
    const coming = page.waitForEvent('download');
    await customer.button('ended.download').click();
    const file = await coming;
    expect(file.suggestedFilename()).toBe(`chat-${first}.txt`);
    const text = await readFile(await file.path(), 'utf8');
    expect(text).toMatch(/달항아리는 언제 오나요\?[\s\S]*수요일에 와요/);
  });

  await test.step('the conversation goes on in a new one, and each leads to the other', async () => {
    await customer.button('ended.continue').click();
    await expect(customer.box).toBeVisible();
    await customer.say('하나 더 여쭤볼게요');
    await customer.button('messages.earlier').click();
    await expect(customer.message('수요일에 와요')).toBeVisible();
    await expect(customer.button('ended.continue')).toHaveCount(0);
    await customer.button('ended.next').click();
    await expect(customer.message('하나 더 여쭤볼게요')).toBeVisible();
  });

  await test.step('the agent finds the earlier chat and its rating', async () => {
    await agent.view('waiting');
    await agent.page.locator('li[data-row]', { hasText: '하나 더 여쭤볼게요' }).getByRole('link').click();
    await agent.page.getByRole('link', { name: `#${first}` }).click();
    await expect(agent.page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(agent.page.getByText(agent.words('rating.score', { score: 5 }))).toBeAttached();
    await expect(agent.page.getByText('친절했어요')).toBeVisible();
    const coming = agent.page.waitForEvent('download');
    await agent.button('detail.transcript').click();
    expect(await readFile(await (await coming).path(), 'utf8')).toContain('수요일에 와요');
  });

  await test.step('the history is narrowed by the rating, and the dashboard knows the average', async () => {
    await agent.page.goto(`${agent.maru.url}/console/history`);
    await agent.page.getByRole('combobox', { name: agent.words('history.column.rating') }).selectOption('5');
    await expect(agent.page).toHaveURL(/rating=5/);
    await expect(agent.page.locator(`a[href*="/history/${first}"]`)).toBeVisible();
    await agent.page.getByRole('combobox', { name: agent.words('history.column.rating') }).selectOption('2');
    await expect(agent.page.locator(`a[href*="/history/${first}"]`)).toHaveCount(0);
    await agent.page.goto(`${agent.maru.url}/console/dashboard`);
    const card = agent.page.getByRole('link', { name: agent.words('dashboard.rating') });
    await expect(card).toContainText(/[1-5]\.\d/);
  });
});

test('a request that nobody took is not rated', async ({ cast }) => {
  const customer = await cast.customer();
  await customer.ask('아무도 없나요?');
  await customer.button('session.cancel').click();
  await customer.page
    .getByRole('dialog')
    .getByRole('button', { name: customer.words('session.cancel') })
    .click();
  await expect(
    customer.page.getByText(customer.words('system.cancelled'), { exact: true }).last(),
  ).toBeVisible();
  await expect(customer.page.getByRole('radio')).toHaveCount(0);
});
