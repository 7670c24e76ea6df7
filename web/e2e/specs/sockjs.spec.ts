import { AGENTS, Maru, PASSWORD } from '../harness/maru';
import { type OldPages, oldPages, openOldPage } from '../harness/oldpage';
import { relayTo } from '../harness/relay';
import { expect, type Page, test } from '../harness/test';

const TRANSPORTS = ['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'];

let pages: OldPages;
let maru: Maru;

test.beforeAll(async () => {
  pages = await oldPages();
  maru = await Maru.begin({
    MARU_SERVER__ALLOWED_ORIGINS: pages.origin,
    MARU_SUPPORT__LEAVE_AFTER_S: '3600',
  });
});

test.afterAll(async () => {
  await maru.stop();
  await pages.close();
});

async function post(path: string, token: string, body: object) {
  const answer = await fetch(maru.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
  return await answer.json();
}

/** A session under way, and the tokens of its two people. */
async function session() {
  const guest = (await post('/api/auth/guest', '', { name: '홍길동' })).accessToken as string;
  const login = { username: AGENTS.kim.username, password: PASSWORD };
  const agent = (await post('/api/auth/login', '', login)).accessToken as string;
  const categories = await (await fetch(`${maru.url}/api/chat/categories`)).json();
  const opened = await post('/api/chat/sessions', guest, { categoryId: categories.items[0].categoryId });
  const id = opened.sessionId as number;
  await post(`/api/admin/chat/sessions/${id}/start`, agent, {});
  return { id, guest, agent };
}

const connect = (page: Page, url: string, token: string, transport: string) =>
  page.evaluate(([url, token, transport]) => window.chat.connect(url, token, transport), [
    url,
    token,
    transport,
  ] as const);

const subscribe = (page: Page, topic: string, headers: object = {}) =>
  page.evaluate(([topic, headers]) => window.chat.subscribe(topic, headers), [topic, headers] as const);

const say = (page: Page, sessionId: number, content: string) =>
  page.evaluate(body => window.chat.send('/app/chat.sendMessage', body), { sessionId, content });

const heard = (page: Page) => page.evaluate(() => window.chat.heard);

/** What was said in the room, as this page saw it. */
const messages = async (page: Page) =>
  (await heard(page)).filter(({ type }) => type === 'MESSAGE').map(({ content, seq }) => `${seq} ${content}`);

for (const transport of TRANSPORTS) {
  test(`an old page in Chromium talks by ${transport}, is cut, comes back and is refused`, async ({
    context,
    page,
  }) => {
    const { id, guest, agent } = await session();
    const topic = `/topic/chat/${id}`;
    const desk = await context.newPage();
    await openOldPage(desk, pages.origin);
    await connect(desk, `${maru.url}/ws`, agent, 'websocket');
    const relay = await relayTo(maru.url);
    await openOldPage(page, pages.origin);

    expect(await connect(page, `${relay.url}/ws`, guest, transport)).toEqual([transport, '1.1']);
    await subscribe(page, topic);
    const said: string[] = [];
    const says = async (who: Page, content: string) => {
      const { seq } = await say(who, id, content);
      said.push(`${seq} ${content}`);
      return seq ?? '';
    };
    await says(page, '100% 안녕\u2028하세요 "\\ 🙂');
    const last = await says(desk, '반갑습니다');
    await expect.poll(() => messages(page)).toEqual(said);

    relay.cut();
    await says(desk, '놓친 말 하나');
    await says(desk, '놓친 말 둘');
    relay.mend();
    // An EventSource that cannot connect tries again: it hears of its end when the wire is whole.
    await expect.poll(async () => (await heard(page)).some(({ name }) => name === 'closed')).toBe(true);
    expect(await connect(page, `${relay.url}/ws`, guest, transport)).toEqual([transport, '1.1']);
    await subscribe(page, topic, { 'after-seq': last });
    await says(desk, '다시 실시간');
    await expect.poll(() => messages(page)).toEqual(said);
    const numbers = said.map(line => Number.parseInt(line, 10));
    expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));

    await page.evaluate(() => {
      window.chat.subscribe('/topic/chat/sessions', {});
    });
    const end = async () => (await heard(page)).slice(-2).map(({ name, code }) => code ?? name);
    await expect.poll(end).toEqual(['forbidden', 'closed']);
    await relay.close();
  });
}

/** Which ways to the server a page is let in by, without asking for /info first. */
const ways = (page: Page) =>
  page.evaluate(async url => {
    const reached = (peer: WebSocket | EventSource) =>
      new Promise<boolean>(done => {
        peer.onopen = () => done(true);
        peer.onerror = () => done(false);
      });
    const asked = (path: string) =>
      fetch(`${url}/ws/0/${path}`, { method: 'POST', credentials: 'include' }).then(
        () => true,
        () => false,
      );
    const socket = url.replace('http', 'ws');
    return await Promise.all([
      reached(new WebSocket(`${socket}/ws`)),
      reached(new WebSocket(`${socket}/ws/0/a/websocket`)),
      reached(new EventSource(`${url}/ws/0/b/eventsource`)),
      asked('c/xhr'),
      asked('d/xhr_streaming'),
    ]);
  }, maru.url);

test('an old page of a foreign origin is refused by every transport', async ({ page }) => {
  const { guest } = await session();
  await openOldPage(page, pages.origin);
  expect(await ways(page)).toEqual([true, true, true, true, true]);
  await openOldPage(page, pages.origin.replace('127.0.0.1', 'localhost'));
  expect(await ways(page)).toEqual([false, false, false, false, false]);
  for (const transport of TRANSPORTS) {
    expect(await connect(page, `${maru.url}/ws`, guest, transport), transport).toBeNull();
  }
});
