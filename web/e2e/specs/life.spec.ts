import { AGENTS } from '../harness/maru';
import { expect, test } from '../harness/test';
import type { Locale } from '../harness/words';

const SAID: Record<Locale, { ask: string; reply: string; more: string; thanks: string; back: string }> = {
  ko: {
    ask: '배송이 언제 오나요?',
    reply: '확인해 볼게요. 잠시만 기다려 주세요.',
    more: '주문번호는 20261120-0042예요.',
    thanks: '고맙습니다',
    back: '다시 왔어요',
  },
  en: {
    ask: 'When will my parcel come?',
    reply: 'Let me look. One moment.',
    more: 'The order is 20261120-0042.',
    thanks: 'Thank you',
    back: 'I am back',
  },
};

for (const locale of ['ko', 'en'] as const) {
  test(`a session lives from the first question to its end (${locale})`, async ({ cast }) => {
    const said = SAID[locale];
    const agent = await cast.agent(AGENTS.kim, { locale });
    const customer = await cast.customer({ locale });
    const { words } = agent;

    const id = await customer.ask(said.ask);
    await expect(customer.message(said.ask)).toBeVisible();

    await test.step('the agent sees it wait, and takes it', async () => {
      const row = agent.row(id);
      await expect(row).toContainText(said.ask);
      const clock = row.locator('time');
      const before = await clock.textContent();
      await expect(clock).not.toHaveText(before ?? '');
      await agent.take(id);
      await expect(agent.message(said.ask)).toBeVisible();
      await agent.view('waiting');
      await expect(agent.row(id)).toHaveCount(0);
      await agent.open(id, 'mine');
      await expect(customer.log).toContainText(AGENTS.kim.name);
    });

    await test.step('both write, see each other write, and see what was read', async () => {
      await agent.box.pressSequentially(said.reply.slice(0, 4));
      await expect(customer.page.getByText(wordsOfTyping(customer.words, AGENTS.kim.name))).toBeVisible();
      await agent.say(said.reply);
      await expect(customer.message(said.reply)).toBeVisible();
      await customer.page.bringToFront();
      await expect(agent.log.getByText(words('conversation.read'))).toHaveCount(1);
      await customer.box.pressSequentially(said.more.slice(0, 4));
      await expect(agent.conversation.locator('p', { hasText: typingTail(words) })).toBeVisible();
      await customer.say(said.more);
      await expect(agent.message(said.more)).toBeVisible();
    });

    await test.step('both reload in the middle and find everything once', async () => {
      await customer.page.reload();
      await agent.page.reload();
      for (const text of [said.ask, said.reply, said.more]) {
        await expect(customer.message(text)).toHaveCount(1);
        await expect(agent.message(text)).toHaveCount(1);
      }
      await customer.say(said.thanks);
      await expect(agent.message(said.thanks)).toHaveCount(1);
    });

    await test.step('the customer goes away and comes back', async () => {
      await customer.page.goto('about:blank');
      await expect(agent.conversation.getByText(words('status.DISCONNECTED'), { exact: true })).toBeVisible();
      await expect(agent.conversation.getByText(words('conversation.graceLeft'))).toBeVisible();
      await customer.page.goto(`${customer.maru.url}/support`);
      await expect(agent.conversation.getByText(words('status.ACTIVE'), { exact: true })).toBeVisible();
      await customer.say(said.back);
      await expect(agent.message(said.back)).toHaveCount(1);
    });

    await test.step('the agent ends it, and it is in both histories', async () => {
      await agent.end('RESOLVED');
      await expect(agent.conversation).toContainText(words('reason.RESOLVED'));
      await expect(customer.page.getByText(words('ended'), { exact: true })).toBeVisible();
      await expect(customer.page.getByRole('textbox')).toHaveCount(0);
      await agent.view('mine');
      await expect(agent.row(id)).toHaveCount(0);
      await agent.page.goto(`${agent.maru.url}/console/history/${id}`);
      await expect(agent.message(said.ask).or(agent.page.getByText(said.ask, { exact: true }))).toBeVisible();
    });
  });
}

type Words = (key: string, values?: Record<string, string | number>) => string;

function wordsOfTyping(words: Words, name: string): RegExp {
  return new RegExp(literal(words('typing', { name }).replace(/\{.*?\}/g, '')));
}

/** What follows the name in "{name} is typing". */
function typingTail(words: Words): string {
  return words('conversation.typing', { name: '' }).trim();
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
