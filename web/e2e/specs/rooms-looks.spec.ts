import { AGENTS } from '../harness/maru';
import type { Look } from '../harness/people';
import { guestOf, Room } from '../harness/rooms';
import { sound } from '../harness/sound';
import { expect, test } from '../harness/test';

const LONG = '아주 긴 말이 이어져요. '.repeat(150).slice(0, 1990);
const LONG_NAME =
  'Alexandra Montgomery-Featherstonehaugh의 아주 길고 긴 이름을 가진 이야기방 그 두 번째 자리';

for (const locale of ['ko', 'en'] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390] as const) {
      const look: Look = { locale, scheme, width };
      test(`axe finds nothing on the page of rooms (${locale}, ${scheme}, ${width} px)`, async ({
        cast,
        maru,
      }) => {
        const guest = await guestOf(maru, 'Alexandra Montgomery-Featherstonehaugh 3세');
        const members = ['AGT001', guest.code];
        const make = (name: string, more = {}) => Room.make(maru, { name, members, ...more });
        const room = await make(LONG_NAME, {
          open: true,
          maxParticipants: 37,
          expiresAt: '2099-01-01T00:00:00Z',
        });
        const full = await make('가득', { open: true, maxParticipants: 2 });
        const door = await make('열린 문', { open: true });
        const closed = await make('닫힘');
        await closed.do('close');
        for (const content of ['첫 공지', LONG]) await room.do('notices', { content });
        await room.say(guest, [
          ...Array.from({ length: 120 }, (_, n) => `${n + 1}번째 말`),
          LONG,
          '안녕하세요',
        ]);

        const kim = await cast.member(AGENTS.kim, look);
        const { page, words } = kim;
        const to = (path: string | number) => page.goto(`${maru.url}/rooms/${path}`);
        await expect(page.getByRole('link', { name: full.name }).first()).toBeVisible();
        await sound(page, 'list');
        await to(room.id);
        await expect(kim.message('안녕하세요')).toBeInViewport();
        await expect(kim.notices.getByText(words('rooms.notice.new'))).toBeVisible();
        await sound(page, 'room, notices open');
        await kim.notices.getByRole('button').click();
        await kim.say(`${locale} ${scheme} ${width}`);
        await expect(kim.message(`${locale} ${scheme} ${width}`)).toHaveAttribute('data-state', 'stored');
        await sound(page, 'room');
        if (width === 390) await kim.button('rooms.people').click();
        await page.getByRole('searchbox').fill('없는 이름');
        await expect(page.getByText(words('rooms.people.none'))).toBeVisible();
        await sound(page, 'people, none found');
        await page.getByRole('searchbox').fill('ㄱㅅ');
        await expect(page.getByText(words('rooms.people.me'), { exact: true })).toBeVisible();
        await sound(page, 'people');
        if (width === 390) await kim.button('close').click();
        await kim.button('rooms.leave').click();
        await expect(page.getByRole('dialog')).toBeVisible();
        await sound(page, 'leaving');
        await page.keyboard.press('Escape');
        await expect(kim.button('rooms.leave')).toBeFocused();
        await to(`${room.id}?m=40`);
        await expect(kim.message('38번째 말')).toBeInViewport();
        await sound(page, 'around a message');
        await to(closed.id);
        await expect(page.getByText(words('rooms.ended'))).toBeVisible();
        await sound(page, 'closed');
        await to(door.id);
        await expect(kim.box).toBeVisible();
        await sound(page, 'empty');
        await door.remove('AGT001');
        await expect(page.getByText(words('rooms.removed'))).toBeVisible();
        await sound(page, 'removed');
        await page.routeWebSocket('**/ws', socket => socket.close());
        await to(room.id);
        await expect(page.getByText(words('connection.waiting'))).toBeVisible();
        await sound(page, 'without a connection');

        const hong = await cast.member('홍길동', look);
        await expect(hong.page.getByText(words('rooms.mine.empty'))).toBeVisible();
        await sound(hong.page, 'list, no room yet');
        for (const [path, text] of [
          [door.id, 'rooms.join.open'],
          [full.id, 'rooms.join.full'],
          [closed.id, 'rooms.forbidden.hint'],
          ['nowhere', 'rooms.missing.hint'],
        ] as const) {
          await hong.page.goto(`${maru.url}/rooms/${path}`);
          await expect(hong.page.getByText(words(text))).toBeVisible();
          await sound(hong.page, text);
        }
      });
    }
  }
}
