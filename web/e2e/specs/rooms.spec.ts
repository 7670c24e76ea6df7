import { composeAndEnter } from '../harness/ime';
import { AGENTS, Maru } from '../harness/maru';
import { atRest, gateBefore } from '../harness/rest';
import { guestOf, type Member, Room } from '../harness/rooms';
import { expect, type Locator, test } from '../harness/test';

const SYLLABLES = ['ㅎ', '하', '한', '한ㄱ', '한그', '한글'];

const numbered = (count: number) =>
  Array.from({ length: count }, (_, at) => `${at + 1}번째 말 ${'길게 '.repeat(at % 9)}`);

/** Where the message is on screen, in pixels from the top of the list. */
function heightOf(message: Locator): Promise<number> {
  return message.evaluate(element => {
    const list = element.closest('[tabindex="0"]');
    return element.getBoundingClientRect().top - (list?.getBoundingClientRect().top ?? 0);
  });
}

/** The numbers of the stored messages in the page, in order: a virtual list holds those around the window. */
function seqsOf(member: Member): Promise<number[]> {
  return member.log
    .locator('[data-seq]')
    .evaluateAll(rows => rows.map(row => Number((row as HTMLElement).dataset.seq)));
}

/** Scrolls, and waits until the list has drawn the rows that are there now. */
async function scroll(member: Member, by: number): Promise<void> {
  await member.log.evaluate(
    (box, px) =>
      new Promise(done => {
        box.scrollBy(0, px);
        requestAnimationFrame(() => requestAnimationFrame(done));
      }),
    by,
  );
}

test('members talk, see who is here, and two devices are one person', async ({ cast, maru }) => {
  const room = await Room.make(maru, {
    name: '다과 모임',
    open: true,
    maxParticipants: 5,
    members: ['AGT001'],
  });
  const kim = await cast.member(AGENTS.kim);
  await kim.enter(room);
  const hong = await cast.member('홍길동');
  await hong.enter(room);
  await expect(kim.log.getByText(kim.words('system.room-joined', { name: '홍길동' }))).toBeVisible();
  await expect(kim.page.getByText(kim.words('rooms.count.max', { count: 2, max: 5 }))).toBeVisible();
  await expect(kim.page.getByRole('meter')).toHaveAttribute('value', '2');

  await hong.say('안녕하세요');
  await expect(kim.message('안녕하세요')).toHaveCount(1);
  await kim.say('어서 오세요');
  await expect(hong.message('어서 오세요')).toHaveCount(1);
  await kim.box.pressSequentially('음');
  await expect(hong.page.getByText(hong.words('typing', { name: AGENTS.kim.name }))).toBeVisible();

  const here = (name: string) => kim.person(name).getByText(kim.words('rooms.people.here'));
  await expect(here('홍길동')).toBeVisible();
  const second = await hong.context.newPage();
  await second.goto(`${maru.url}/rooms/${room.id}`);
  await expect(second.getByText('어서 오세요')).toBeVisible();
  await expect(kim.page.getByText(kim.words('rooms.online', { count: 2 }))).toBeVisible();
  await hong.page.close();
  await kim.page.waitForTimeout(1500);
  await expect(here('홍길동')).toBeVisible();
  await second.close();
  await expect(kim.person('홍길동').getByText(kim.words('rooms.people.away'))).toBeVisible();
  await expect(kim.page.getByText(kim.words('rooms.online', { count: 1 }))).toBeVisible();
});

test('many who come and go are one line', async ({ cast, maru }) => {
  const room = await Room.make(maru, { name: '큰 방', open: true, members: ['AGT001'] });
  const kim = await cast.member(AGENTS.kim);
  await kim.enter(room);
  const guests = await Promise.all(Array.from({ length: 13 }, (_, n) => guestOf(maru, `손님${n}`)));
  await room.do('members', { userCodes: guests.map(guest => guest.code) });
  await expect(kim.log.getByText(/ 님 외 12명이 들어왔어요/)).toHaveCount(1);
  await expect(kim.page.getByText(kim.words('rooms.count', { count: 14 }))).toBeVisible();
});

test('the 50 newest come first, and earlier ones come in above without moving what is read', async ({
  cast,
  maru,
}) => {
  const guest = await guestOf(maru, '이야기꾼');
  const room = await Room.make(maru, { name: '긴 이야기', members: ['AGT001', guest.code] });
  await room.say(guest, numbered(120));
  const kim = await cast.member(AGENTS.kim);
  const pages: string[] = [];
  kim.page.on('request', request => {
    if (request.url().includes('/messages?')) pages.push(new URL(request.url()).search);
  });
  await kim.enter(room);
  await expect(kim.message('120번째 말')).toBeInViewport();
  expect(pages).toEqual(['?limit=50']);
  // The list is long, the page is not.
  await expect.poll(() => kim.log.locator('[data-seq]').count()).toBeLessThan(60);

  // Near the end of what is here, earlier ones come by themselves; they wait at a gate while the row is looked at.
  const gate = await gateBefore(kim.page, '**/messages?*before=*');
  while (pages.length === 1) {
    await scroll(kim, -150);
    await kim.page.waitForTimeout(50);
  }
  const eye = kim.log.locator('[data-seq]').filter({ visible: true }).nth(2);
  const seq = await eye.getAttribute('data-seq');
  const row = kim.log.locator(`[data-seq="${seq}"]`);
  const before = await atRest(() => heightOf(row));
  gate.open();
  await expect.poll(async () => Math.min(...(await seqsOf(kim)))).toBeLessThan(71);
  expect(Math.abs((await atRest(() => heightOf(row))) - before)).toBeLessThanOrEqual(1);

  await test.step('what comes below is counted, and one press leads there', async () => {
    await room.say(guest, ['아래에서 온 말']);
    const jump = kim.page.getByRole('button', { name: kim.words('messages.new', { count: 1 }) });
    await expect(jump).toBeVisible();
    expect(Math.abs((await heightOf(row)) - before)).toBeLessThanOrEqual(1);
    await jump.click();
    await expect(kim.message('아래에서 온 말')).toBeInViewport();
    await expect(jump).toHaveCount(0);
  });

  await test.step('the beginning is reached by keyboard, in order and without a hole', async () => {
    await kim.log.focus();
    await expect
      .poll(
        async () => {
          await kim.page.keyboard.press('Home');
          return Math.min(...(await seqsOf(kim)));
        },
        { timeout: 20_000 },
      )
      .toBe(1);
    const seqs = await seqsOf(kim);
    expect(seqs).toEqual(seqs.map((_, at) => (seqs[0] ?? 0) + at));
  });
});

test('a link opens around its message, reading on reaches the latest, and one press leads there', async ({
  cast,
  maru,
}) => {
  const guest = await guestOf(maru, '이야기꾼');
  const room = await Room.make(maru, { name: '이어 읽기', members: ['AGT001', guest.code] });
  await room.say(guest, numbered(180));
  const kim = await cast.member(AGENTS.kim, {}, `/rooms/${room.id}?m=60`);
  await expect(kim.message('60번째 말')).toBeInViewport();
  await expect(kim.log.locator('[data-pointed]')).toHaveAttribute('data-seq', '60');
  await expect(kim.message('180번째 말')).toHaveCount(0);

  await room.say(guest, ['맨 아래에서']);
  const back = kim.page.getByRole('button', { name: kim.words('rooms.around') });
  await expect(back).toContainText('1');
  await expect(kim.message('60번째 말')).toBeInViewport();
  await back.click();
  await expect(kim.message('맨 아래에서')).toBeInViewport();
  await expect(kim.page).toHaveURL(new RegExp(`/rooms/${room.id}$`));

  await test.step('reading on from the link comes to the end without a hole', async () => {
    await kim.page.goto(`${maru.url}/rooms/${room.id}?m=100`);
    await expect(kim.message('100번째 말')).toBeInViewport();
    const seen = new Set<number>();
    await expect
      .poll(
        async () => {
          await scroll(kim, 300);
          for (const seq of await seqsOf(kim)) seen.add(seq);
          return seen.has(181);
        },
        { timeout: 30_000, intervals: [50] },
      )
      .toBe(true);
    const from = Math.min(...seen);
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 182 - from }, (_, at) => from + at));
    await expect(kim.page.getByRole('button', { name: kim.words('rooms.around') })).toHaveCount(0);
  });
});

test('a notice is pinned, marked until it is looked at, and folded away', async ({ cast, maru }) => {
  const guest = await guestOf(maru, '이야기꾼');
  const room = await Room.make(maru, { name: '공지 방', members: ['AGT001', guest.code] });
  await room.do('notices', { content: '첫 공지예요' });
  const kim = await cast.member(AGENTS.kim);
  await kim.enter(room);
  const { notices } = kim;
  const fold = notices.getByRole('button', { name: kim.words('rooms.notice') });
  const mark = notices.getByText(kim.words('rooms.notice.new'));
  await expect(fold).toHaveAttribute('aria-expanded', 'true');
  await expect(mark).toBeVisible();
  await expect(notices.getByRole('listitem').getByText('첫 공지예요')).toBeVisible();
  const last = kim.message('마지막 말');
  await room.say(guest, [...numbered(30), '마지막 말']);
  await expect(last).toBeInViewport({ ratio: 1 });
  await fold.click();
  await expect(fold).toHaveAttribute('aria-expanded', 'false');
  await expect(mark).toHaveCount(0);
  await expect(fold).toContainText('첫 공지예요');
  for (const _ of ['folded', 'unfolded', 'folded']) {
    await expect(last).toBeInViewport({ ratio: 1 });
    await kim.page.waitForTimeout(200);
    await expect(kim.button('messages.latest')).toHaveCount(0);
    await fold.click();
  }
  await fold.click();

  const said = kim.page.locator('[aria-live="polite"]').filter({ hasText: '둘째 공지예요' });
  await room.do('notices', { content: '둘째 공지예요' });
  await expect(mark).toBeVisible();
  await expect(said).toHaveCount(1);
  await expect(said).toHaveText(`${kim.words('rooms.notice')}, ${AGENTS.admin.name}: 둘째 공지예요`);
  await expect(fold).toContainText('둘째 공지예요');
  await kim.page.reload();
  await expect(mark).toBeVisible();
  await fold.click();
  await kim.page.reload();
  await expect(fold).toHaveAttribute('aria-expanded', 'false');
  await expect(mark).toHaveCount(0);
});

test('people are found by name and by 초성, those who are here first', async ({ cast, maru }) => {
  const names = [
    '김민지',
    '이서준',
    '박도윤',
    '최하은',
    '정예준',
    '강수아',
    '조시우',
    '윤지호',
    '장하윤',
    '임도현',
  ];
  const guests = await Promise.all(names.map(name => guestOf(maru, name)));
  const room = await Room.make(maru, {
    name: '많은 사람',
    members: ['ADM001', ...guests.map(guest => guest.code)],
  });
  const admin = await cast.member(AGENTS.admin);
  await admin.enter(room);
  const items = admin.people.getByRole('listitem');
  await expect(items).toHaveCount(names.length + 1);
  await expect(items.first()).toContainText(AGENTS.admin.name);
  await expect(items.first().getByText(admin.words('rooms.people.manages'), { exact: true })).toBeVisible();
  await expect(items.nth(1)).toContainText('강수아');
  const search = admin.people.getByRole('searchbox');
  for (const [query, found] of [
    ['ㅈㅇㅈ', ['정예준']],
    ['하', ['장하윤', '최하은']],
    ['ㄷㅎ', ['임도현']],
    ['이ㅅ', ['이서준']],
  ] as const) {
    await search.fill(query);
    await expect(items).toHaveCount(found.length);
    for (const name of found) await expect(admin.person(name)).toBeVisible();
  }
  await search.fill('없는사람');
  await expect(admin.people.getByText(admin.words('rooms.people.none'))).toBeVisible();
});

test('a killed server comes back without hole or double, and what was written is kept', async ({
  castOf,
}) => {
  const maru = await Maru.begin();
  const cast = castOf(maru);
  const room = await Room.make(maru, { name: '끊기는 방', members: ['AGT001', 'AGT002'] });
  const [kim, park] = [await cast.member(AGENTS.kim), await cast.member(AGENTS.park)];
  for (const one of [kim, park]) await one.enter(room);
  await kim.say('하나');
  await expect(park.message('하나')).toHaveCount(1);
  await maru.kill();
  await expect(kim.page.getByText(kim.words('connection.waiting'))).toBeVisible();
  await kim.say('둘');
  await park.say('셋');
  await kim.say('넷');
  await kim.box.fill('쓰다 만 글');
  await expect(kim.message('넷')).toHaveAttribute('data-state', 'pending');
  await maru.start();
  for (const text of ['하나', '둘', '셋', '넷']) {
    for (const one of [kim, park]) {
      await expect(one.message(text)).toHaveCount(1, { timeout: 45_000 });
      await expect(one.message(text)).toHaveAttribute('data-state', 'stored', { timeout: 45_000 });
    }
  }
  const texts = async (one: Member) => await one.log.locator('p[data-state]').allInnerTexts();
  const seen = await texts(kim);
  expect(seen.findIndex(text => text.includes('둘'))).toBeLessThan(
    seen.findIndex(text => text.includes('넷')),
  );
  await expect(kim.box).toHaveValue('쓰다 만 글');
  await park.say('다섯');
  for (const one of [kim, park]) await expect.poll(() => seqsOf(one)).toEqual([1, 2, 3, 4, 5]);
  await expect(kim.message('다섯')).toHaveCount(1);
  await kim.page.reload();
  await expect(kim.box).toHaveValue('쓰다 만 글');
  await maru.stop();
});

test('one Enter sends once while a syllable composes', async ({ cast, maru }) => {
  const room = await Room.make(maru, { name: '입력기', members: ['AGT001'] });
  const kim = await cast.member(AGENTS.kim);
  await kim.enter(room);
  await kim.box.focus();
  await kim.page.keyboard.insertText('끝까지 ');
  await composeAndEnter(kim.page, SYLLABLES);
  await expect(kim.message('끝까지 한글')).toHaveCount(1);
  await expect(kim.box).toHaveValue('');
  await kim.page.waitForTimeout(300);
  await expect(kim.log.locator('p[data-state]')).toHaveCount(1);
});

test('a room that cannot be entered says why and what to do', async ({ cast, maru }) => {
  const [full, closed, invited] = [
    await Room.make(maru, { name: '가득 찬 방', open: true, maxParticipants: 1, members: ['AGT001'] }),
    await Room.make(maru, { name: '닫힐 방', open: true, members: ['AGT001'] }),
    await Room.make(maru, { name: '초대 방', members: ['AGT001'] }),
  ];
  const hong = await cast.member('홍길동');
  const to = (path: string | number) => hong.page.goto(`${maru.url}/rooms/${path}`);
  const shows = (key: string) => expect(hong.page.getByText(hong.words(key))).toBeVisible();
  const card = hong.page.getByRole('link', { name: full.name });
  await expect(card.getByText(hong.words('rooms.full'))).toBeVisible();
  await to(full.id);
  await shows('rooms.join.full');
  await expect(hong.button('rooms.join')).toHaveCount(0);
  await full.remove('AGT001');
  await hong.button('rooms.join.again').click();
  await hong.button('rooms.join').click();
  await expect(hong.box).toBeVisible();
  await to(invited.id);
  await shows('rooms.forbidden.hint');
  await to('no-such-room');
  await shows('rooms.missing.hint');
  await hong.page.getByRole('link', { name: hong.words('rooms.list') }).click();
  await expect(hong.page.getByRole('heading', { level: 1 })).toBeFocused();

  await hong.page.getByRole('link', { name: closed.name }).click();
  await hong.button('rooms.join').click();
  await hong.say('닫히기 전에');
  await expect(hong.message('닫히기 전에')).toHaveAttribute('data-state', 'stored');
  await closed.do('close');
  await shows('rooms.ended');
  await expect(hong.box).toHaveCount(0);
  await expect(hong.message('닫히기 전에')).toBeVisible();
});

test('who was removed while away finds the door instead of the room', async ({ cast, maru }) => {
  const [open, invited] = [
    await Room.make(maru, { name: '열린 방', open: true, members: ['AGT001'] }),
    await Room.make(maru, { name: '초대한 방', members: ['AGT001'] }),
  ];
  const kim = await cast.member(AGENTS.kim);
  let away = false;
  await kim.page.routeWebSocket('**/ws', socket => {
    if (away) socket.close();
    else socket.connectToServer();
  });
  for (const [room, words] of [
    [open, 'rooms.join.open'],
    [invited, 'rooms.forbidden.hint'],
  ] as const) {
    away = true;
    await kim.page.goto(`${maru.url}/rooms/${room.id}`);
    await expect(kim.box).toBeVisible();
    await room.remove('AGT001');
    away = false;
    await expect(kim.page.getByText(kim.words(words))).toBeVisible({ timeout: 30_000 });
  }
  await kim.page.goto(`${maru.url}/rooms/${open.id}`);
  await kim.button('rooms.join').click();
  await expect(kim.box).toBeVisible();
});

test('who leaves may come back, who is removed is told', async ({ cast, maru }) => {
  const room = await Room.make(maru, { name: '드나드는 방', open: true, members: ['AGT001'] });
  const kim = await cast.member(AGENTS.kim);
  await kim.enter(room);
  await kim.say('나가기 전');
  await kim.button('rooms.leave').click();
  await kim.page
    .getByRole('dialog')
    .getByRole('button', { name: kim.words('rooms.leave') })
    .click();
  await expect(kim.page.getByText(kim.words('rooms.left'))).toBeVisible();
  await expect(kim.box).toHaveCount(0);
  const guest = await guestOf(maru, '그사이');
  await room.join(guest);
  await room.say(guest, ['없는 동안']);
  await kim.button('rooms.again').click();
  await expect(kim.message('없는 동안')).toHaveCount(1);
  await expect(kim.box).toBeVisible();
  await room.remove('AGT001');
  await expect(kim.page.getByText(kim.words('rooms.removed'))).toBeVisible();
  await kim.page
    .getByRole('link', { name: kim.words('rooms.list') })
    .last()
    .click();
  await expect(kim.page.getByRole('heading', { level: 1, name: kim.words('rooms.title') })).toBeFocused();
});
