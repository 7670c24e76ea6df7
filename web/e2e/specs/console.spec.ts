import { AGENTS, Maru, PASSWORD } from '../harness/maru';
import { atRest, gateBefore } from '../harness/rest';
import { expect, type Page, test } from '../harness/test';
import { wordsOf } from '../harness/words';

test('drafts stay with their conversation over switching and reloading', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const [one, two] = [await cast.customer({ name: '하나' }), await cast.customer({ name: '두울' })];
  const [first, second] = [await one.ask('하나예요'), await two.ask('두울이에요')];
  await agent.take(first);
  await agent.take(second);
  await agent.box.fill('두울에게 쓰다 만 글');
  await agent.open(first, 'mine');
  await expect(agent.box).toHaveValue('');
  await expect(agent.row(second)).toContainText('두울에게 쓰다 만 글');
  await expect(agent.row(second)).toContainText(agent.words('list.draft'));
  await agent.page.reload();
  await agent.open(second, 'mine');
  await expect(agent.box).toHaveValue('두울에게 쓰다 만 글');
  await agent.box.press('Enter');
  await expect(two.message('두울에게 쓰다 만 글')).toHaveCount(1);
  await expect(one.message('두울에게 쓰다 만 글')).toHaveCount(0);
});

test('a log-in that ends asks for it over the page, and keeps draft and place', async ({ cast, maru }) => {
  const agent = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  const id = await customer.ask('로그인이 끝나도');
  await agent.take(id);
  await agent.box.fill('쓰던 글');
  await endLogins(maru.url, AGENTS.park.code);
  const dialog = agent.page.getByRole('dialog');
  await expect(dialog).toContainText(agent.words('relogin.heading'));
  await dialog.getByLabel(agent.words('login.password')).fill(PASSWORD);
  await dialog.getByLabel(agent.words('login.password')).press('Enter');
  await expect(dialog).toBeHidden();
  await expect(agent.chip).toHaveText(agent.words('chip.live'));
  await expect(agent.box).toHaveValue('쓰던 글');
  await agent.box.press('Enter');
  await expect(customer.message('쓰던 글')).toHaveCount(1);
});

/** An admin ends all of somebody's log-ins. */
async function endLogins(url: string, code: string): Promise<void> {
  const json = { 'content-type': 'application/json' };
  const login = await fetch(`${url}/api/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ username: AGENTS.admin.username, password: PASSWORD }),
  });
  const { accessToken } = (await login.json()) as { accessToken: string };
  const headers = { ...json, authorization: `Bearer ${accessToken}` };
  const agents = await fetch(`${url}/api/admin/chat/agents`, { headers });
  const { items } = (await agents.json()) as { items: { memberId: number; userCode: string }[] };
  const id = items.find(item => item.userCode === code)?.memberId;
  const done = await fetch(`${url}/api/admin/users/${id}/logout`, { method: 'POST', headers, body: '{}' });
  expect(done.ok).toBe(true);
}

test('a new row never moves the row under the pointer or the focus', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const ids: number[] = [];
  for (const name of ['가', '나', '다'])
    ids.push(await (await cast.customer({ name })).ask(`${name}의 질문`));
  const [first = 0, second = 0] = ids;
  await agent.view('waiting');
  for (const hold of ['pointer', 'focus'] as const) {
    const row = agent.row(second);
    if (hold === 'pointer') await row.hover();
    else await row.getByRole('link').focus();
    const before = await atRest(() => row.boundingBox());
    const park = await cast.agent(AGENTS.park);
    const taken = hold === 'pointer' ? first : (ids[2] ?? 0);
    await park.take(taken);
    await cast.customer({ name: '새사람' }).then(customer => customer.ask('새 질문'));
    await agent.page.waitForTimeout(500);
    expect(await row.boundingBox()).toEqual(before);
    await park.end();
    await agent.conversation.hover();
  }
});

test('a chat goes back to the queue, or to a named agent', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const park = await cast.agent(AGENTS.park);
  const customer = await cast.customer();
  const id = await customer.ask('담당을 바꿔 주세요');
  await kim.take(id);
  await kim.button('conversation.transfer').click();
  const dialog = kim.page.getByRole('dialog');
  await dialog.getByText(AGENTS.park.name, { exact: false }).click();
  await dialog.getByLabel(kim.words('transfer.reason')).fill('환불은 박 상담원이 맡아요');
  const told = expect(park.page.getByText(park.words('alert.handed', { name: '홍길동' }))).toBeVisible();
  await dialog.getByRole('button', { name: kim.words('transfer.submit') }).click();
  await told;
  await expect(kim.conversation).toContainText(
    kim.words('conversation.otherNote', { name: AGENTS.park.name }),
  );
  await park.open(id, 'mine');
  await expect(park.page.getByText('환불은 박 상담원이 맡아요')).toBeVisible();
  await expect(customer.page.getByText('환불은 박 상담원이 맡아요')).toHaveCount(0);
  await park.say('제가 이어 갈게요');
  await expect(customer.message('제가 이어 갈게요')).toHaveCount(1);

  await park.button('conversation.transfer').click();
  await park.page
    .getByRole('dialog')
    .getByRole('button', { name: park.words('transfer.submit') })
    .click();
  await expect(park.button('conversation.start')).toBeVisible();
  await kim.view('waiting');
  await expect(kim.row(id)).toBeVisible();
  await kim.take(id);
  await kim.end();
});

test('history is searched and filtered by its address, and back keeps the place', async ({ cast, maru }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer({ name: '기록찾기' });
  const id = await customer.ask('파란 우산을 찾고 있어요');
  await agent.take(id);
  await agent.say('파란 우산은 품절이에요');
  await expect(customer.message('파란 우산은 품절이에요')).toBeVisible();
  await agent.end();
  const { page, words } = agent;
  await page.getByRole('link', { name: words('title.history') }).click();
  await page.getByLabel(words('history.search')).fill('파란 우산');
  await expect(page).toHaveURL(/q=%ED%8C%8C/);
  await page.getByLabel(words('history.customer')).fill('기록찾기');
  await expect(page).toHaveURL(/customer=/);
  await page.getByRole('combobox', { name: words('history.status') }).selectOption('COMPLETED');
  await expect(page.getByRole('row')).toHaveCount(2);
  const address = page.url();
  await page.getByRole('link', { name: '기록찾기' }).click();
  await expect(page.locator('mark')).toHaveCount(2);
  await page.goBack();
  expect(page.url()).toBe(address);
  await expect(page.getByLabel(words('history.search'))).toHaveValue('파란 우산');

  await page.getByLabel(words('history.search')).fill('그런 말은 없음');
  await expect(page.getByText(words('history.empty'))).toBeVisible();
  await page
    .getByRole('button', { name: words('history.clearOne', { filter: words('history.search') }) })
    .click();
  await expect(page.getByRole('row')).toHaveCount(2);

  const detail = await page.request.get(`${maru.url}/api/admin/chat/history/${id}`);
  const { messages } = (await detail.json()) as {
    messages: { items: { messageId: number; content: string }[] };
  };
  const wanted = messages.items.find(item => item.content.includes('품절'))?.messageId;
  await page.goto(`${maru.url}/console/history/${id}?m=${wanted}`);
  await expect(page.locator('p[data-pointed]')).toHaveText('파란 우산은 품절이에요');
});

test('each number of the dashboard leads to its chats', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer({ name: '숫자' });
  const id = await customer.ask('몇 번째인가요');
  const { page, words } = agent;
  await page.getByRole('link', { name: words('title.dashboard') }).click();
  const opened = page.getByRole('link', { name: new RegExp(`^${words('dashboard.opened')}`) });
  await expect(opened).toBeVisible();
  const count = Number((await opened.innerText()).match(/\d+/)?.[0]);
  await opened.click();
  await expect(page.getByRole('row')).toHaveCount(Math.min(50, count) + 1);
  await page.goBack();
  await page.getByRole('link', { name: new RegExp(`^${words('status.WAITING')}`) }).click();
  await expect(agent.row(id)).toBeVisible();
});

const MANY = 70;

test('scrolling up loads what is older and keeps the line under the eye; each chat keeps its place', async ({
  cast,
}) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer({ name: '긴대화' });
  const id = await customer.ask('0');
  await agent.take(id);
  for (let index = 1; index <= MANY; index += 1) {
    await agent.say(`${index} ${'길이가 다른 말 '.repeat(index % 7)}`);
    if (index % 20 === 0) await expect(customer.message(`${index} `).last()).toBeVisible();
  }
  await expect(agent.log.locator('p[data-state="pending"]')).toHaveCount(0, { timeout: 30_000 });
  await agent.page.reload();
  await expect(agent.message(`${MANY} `)).toBeVisible();

  // The first bubble in sight, and how far it is from the top: what the reader's eye rests on.
  const eye = () =>
    agent.log.evaluate(box => {
      const top = box.getBoundingClientRect().top;
      const bubbles = [...box.querySelectorAll<HTMLElement>('p[data-state]')];
      const seen = bubbles.find(one => one.getBoundingClientRect().top > top);
      const row = seen?.closest<HTMLElement>('[data-seq]');
      return { seq: row?.dataset.seq ?? '', at: Math.round((seen?.getBoundingClientRect().top ?? 0) - top) };
    });
  const rendered = () => agent.log.evaluate(box => box.scrollHeight);
  // The older page waits at a gate, so that the place before and after it can be measured at rest.
  const gate = await gateBefore(agent.page, '**/messages?*before=*');
  await agent.log.hover();
  while ((await agent.log.evaluate(box => box.scrollTop)) > 350) await agent.page.mouse.wheel(0, -300);
  const before = await atRest(eye);
  const height = await rendered();
  gate.open();
  await expect.poll(rendered).not.toBe(height);
  await expect(agent.page.getByText(agent.words('conversation.loadingOlder'))).toHaveCount(0);
  const after = await atRest(eye);
  expect(after.seq).toBe(before.seq);
  expect(Math.abs(after.at - before.at)).toBeLessThanOrEqual(1);

  await customer.say('아래에 새로 온 말');
  const fresh = agent.page.getByRole('button', { name: '새 메시지 1개' });
  await expect(fresh).toBeVisible();
  expect(await eye()).toEqual(after);
  await agent.view('all');
  await agent.page.getByRole('link', { name: agent.words('title.history') }).click();
  await agent.page.goBack();
  await agent.row(id).getByRole('link').click();
  await expect.poll(async () => (await eye()).seq).toBe(after.seq);
  await fresh.click();
  await expect(agent.message('아래에 새로 온 말')).toBeVisible();
});

test('an agent works without a mouse', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer({ name: '자판만' });
  const id = await customer.ask('마우스 없이');
  const { page, words } = agent;
  await expect(agent.row(id)).toBeVisible();
  await tabTo(page, () => agent.page.evaluate(() => document.activeElement?.closest('[data-row]') !== null));
  while (!(await agent.row(id).evaluate(row => row.contains(document.activeElement))))
    await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(agent.button('conversation.start')).toBeVisible();
  await tabTo(page, () => agent.button('conversation.start').evaluate(one => one === document.activeElement));
  await page.keyboard.press('Enter');
  await expect(agent.box).toBeFocused();
  await page.keyboard.type('자판으로 답해요');
  await page.keyboard.press('Enter');
  await expect(customer.message('자판으로 답해요')).toHaveCount(1);
  await tabTo(
    page,
    () => agent.button('conversation.end').evaluate(one => one === document.activeElement),
    'Shift+Tab',
  );
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  const submit = dialog.getByRole('button', { name: words('end.submit') });
  await tabTo(page, () => submit.evaluate(one => one === document.activeElement));
  await page.keyboard.press('Enter');
  await expect(agent.conversation).toContainText(words('conversation.endedBy.A'));
});

test('a reply that came while one was writing is shown before one sends', async ({ cast }) => {
  const kim = await cast.agent(AGENTS.kim);
  const admin = await cast.agent(AGENTS.admin);
  const customer = await cast.customer({ name: '두 답장' });
  const id = await customer.ask('누가 답하나요');
  await kim.take(id);
  await kim.box.fill('제가 답할게요');
  await admin.open(id, 'all');
  await admin.say('관리자가 먼저 답했어요');
  await expect(kim.message('관리자가 먼저 답했어요')).toHaveCount(1);
  await kim.box.press('Enter');
  const question = kim.page.getByText(kim.words('composer.meanwhile', { name: AGENTS.admin.name }));
  await expect(question).toBeVisible();
  await expect(customer.message('제가 답할게요')).toHaveCount(0);
  await kim.button('composer.sendAnyway').click();
  await expect(customer.message('제가 답할게요')).toHaveCount(1);
  await expect(question).toBeHidden();
  await kim.end();
});

test('the tab counts what waits, unread goes when it was seen', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.park);
  const [one, two] = [await cast.customer({ name: '읽을사람' }), await cast.customer({ name: '다른사람' })];
  const [first, second] = [await one.ask('처음'), await two.ask('둘째')];
  await agent.take(first);
  await agent.take(second);
  await one.say('안 보이는 동안 하나');
  await one.say('안 보이는 동안 둘');
  await agent.view('mine');
  const badge = agent.row(first).getByText('2', { exact: true });
  await expect(badge).toBeVisible();
  await expect(agent.page).toHaveTitle(/^\(\d+\) /);
  await agent.open(first, 'mine');
  await expect(badge).toHaveCount(0);
  await expect(one.log.getByText(one.words('tick.read')).first()).toBeAttached();
  for (const id of [first, second]) {
    await agent.open(id, 'mine');
    await agent.end();
  }
});

test('the language changes at once, and the draft stays', async ({ cast }) => {
  const agent = await cast.agent(AGENTS.kim);
  const customer = await cast.customer();
  await agent.take(await customer.ask('말을 바꿔도'));
  await agent.box.fill('쓰던 글은 그대로');
  await agent.page.getByRole('button', { name: agent.words('menu', { name: AGENTS.kim.name }) }).click();
  await agent.page.getByRole('button', { name: 'English' }).click();
  await agent.page.keyboard.press('Escape');
  const english = wordsOf('en');
  await expect(
    agent.page.getByRole('button', { name: english('conversation.end'), exact: true }),
  ).toBeVisible();
  await expect(agent.page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(agent.page.locator('textarea')).toHaveValue('쓰던 글은 그대로');
  await expect(agent.page.getByText('has started the chat')).toBeVisible();
});

test('a first visit says the next step, and the line for the site can be copied', async ({ castOf }) => {
  const maru = await Maru.begin();
  const agent = await castOf(maru).agent(AGENTS.kim);
  await expect(agent.page.getByText(agent.words('empty.first'))).toBeVisible();
  await agent.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await agent.button('snippet.copy').click();
  await expect(agent.page.getByText(agent.words('snippet.copied'))).toBeVisible();
  const copied = await agent.page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(`<script src="${maru.url}/widget.js" async></script>`);
  await maru.stop();
});

async function tabTo(page: Page, there: () => Promise<boolean>, key = 'Tab'): Promise<void> {
  for (let press = 0; press < 60; press += 1) {
    if (await there()) return;
    await page.keyboard.press(key);
  }
  throw new Error('the focus never came there');
}
