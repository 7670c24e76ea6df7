import { composeAndEnter } from '../harness/ime';
import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';

const SYLLABLES = ['ㅎ', '하', '한', '한ㄱ', '한그', '한글'];

test('one Enter sends once while a syllable composes, on both sides', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('입력기'));
  for (const [writer, reader] of [
    [agent, customer],
    [customer, agent],
  ] as const) {
    await writer.box.focus();
    await writer.page.keyboard.insertText('끝까지 ');
    await composeAndEnter(writer.page, SYLLABLES);
    await expect(reader.message('끝까지 한글')).toHaveCount(writer === agent ? 1 : 2);
    await expect(writer.box).toHaveValue('');
    await writer.page.waitForTimeout(300);
    await expect(writer.log.locator('p[data-state]', { hasText: '한글' })).toHaveCount(
      writer === agent ? 1 : 2,
    );
  }
});

test('Shift and Enter break the line, Enter sends it whole', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('줄바꿈'));
  await agent.box.pressSequentially('첫 줄');
  await agent.box.press('Shift+Enter');
  await agent.box.pressSequentially('둘째 줄');
  await agent.box.press('Enter');
  await expect(customer.message('둘째 줄')).toContainText('첫 줄\n둘째 줄', { useInnerText: true });
});

test('a message is text to the end, whatever it looks like', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  const nasty = '<img src=x onerror=alert(1)> {{7*7}} javascript:alert(1) https://example.com/길';
  await agent.take(await customer.ask(nasty));
  await expect(agent.message('<img src=x onerror=alert(1)> {{7*7}} javascript:alert(1)')).toHaveCount(1);
  await expect(agent.log.locator('img')).toHaveCount(0);
  await expect(agent.log.getByRole('link')).toHaveAttribute('href', /^https:\/\/example\.com/);
});
