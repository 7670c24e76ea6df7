import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { createMaru, type Maru, memoryStorage, type RoomLog } from '../src/index';
import { lonelyTab } from '../src/tabs';
import { openRoom, removeFrom } from './fake/rooms.mjs';
import { FakeServer } from './fake/server.mjs';

const ID = 7;
let server: FakeServer;
let opened: Maru[];

beforeEach(async () => {
  server = await new FakeServer().listen();
  opened = [];
});

afterEach(async () => {
  for (const maru of opened) maru.close();
  await server.stop();
});

async function member(
  storage = { lasting: memoryStorage(), tab: memoryStorage(), kept: true },
): Promise<Maru> {
  const maru = createMaru({
    baseUrl: server.url,
    locale: 'ko',
    credentials: 'token',
    storage,
    tabs: lonelyTab(),
    random: () => 0,
    webSocket: (url, protocols) => new NodeWebSocket(url, protocols) as unknown as WebSocket,
  });
  opened.push(maru);
  await maru.auth.login('hong', 'hong');
  maru.connect();
  return maru;
}

async function inside(maru: Maru, sought?: number): Promise<RoomLog> {
  const log = maru.room(ID);
  if (sought) void log.openAround(sought);
  log.open();
  await until(() => expect(log.get().level).toBe(true));
  return log;
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 4000 });
const [me, other] = [() => server.users[0], () => server.users[1]];
const seqs = (log: RoomLog) => (log.get().around ?? log.get()).messages.map(message => message.seq);
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const fill = (count: number) => {
  for (let n = 1; n <= count; n++) server.say(ID, other(), `말 ${n}`);
};
const people = (onlines: boolean[]) =>
  [me(), other()].map(({ memberId, userCode, name }, at) => ({
    ...{ memberId, userCode, name },
    online: onlines[at] ?? false,
    manages: false,
  }));
const tell = (event: object) => server.publish(`/topic/chat/${ID}`, { sessionId: ID, roomId: ID, ...event });

test('the_newest_come_first_then_live_ones_and_older_ones_when_asked_for', async () => {
  openRoom(server, ID, [me(), other()]);
  fill(120);
  const log = await inside(await member());
  expect(seqs(log)).toEqual(run(71, 120));
  server.say(ID, other(), '지금');
  await until(() => expect(seqs(log)).toEqual(run(71, 121)));
  await log.loadOlder();
  await log.loadOlder();
  expect(seqs(log)).toEqual(run(1, 121));
  expect(log.get().hasOlder).toBe(false);
});

test('what_is_written_is_stored_once_and_what_was_missed_comes_once', async () => {
  const room = openRoom(server, ID, [me(), other()]);
  const maru = await member();
  const log = await inside(maru);
  server.onSend = () => 'drop';
  const key = log.send('끊긴 동안');
  await until(() => expect(maru.connection.get().status).toBe('waiting'));
  server.onSend = () => 'store';
  server.say(ID, other(), '그사이');
  await until(() => expect(log.get().messages.map(message => message.state)).toEqual(['stored', 'stored']));
  expect(log.get().messages.map(message => message.content)).toEqual(['그사이', '끊긴 동안']);
  expect(log.get().messages[1]?.key).toBe(key);
  expect(room.messages).toHaveLength(2);
});

test('a_link_opens_around_its_message_and_reading_on_reaches_the_latest', async () => {
  openRoom(server, ID, [me(), other()]);
  fill(200);
  const log = await inside(await member(), 60);
  expect(log.get().around?.seq).toBe(60);
  expect(seqs(log)).toEqual(run(36, 85));
  server.say(ID, other(), '맨 아래');
  await until(() => expect(log.get().messages.at(-1)?.content).toBe('맨 아래'));
  expect(seqs(log)).toEqual(run(36, 85));
  await log.loadNewer();
  expect(seqs(log)).toEqual(run(36, 135));
  await log.loadOlder();
  expect(seqs(log)).toEqual(run(1, 135));
  await log.loadNewer();
  expect(log.get().around).toBeNull();
  expect(seqs(log)).toEqual(run(1, 201));
  expect(log.get().hasOlder).toBe(false);
});

test('a_link_near_the_end_shows_one_run_and_an_older_page_goes_on_before_it', async () => {
  openRoom(server, ID, [me(), other()]);
  fill(200);
  const log = await inside(await member(), 140);
  await until(() => expect(log.get().around).toBeNull());
  expect(seqs(log)).toEqual(run(116, 200));
  await log.loadOlder();
  expect(seqs(log)).toEqual(run(66, 200));
});

test('from_around_a_message_there_is_a_way_back_to_the_latest', async () => {
  openRoom(server, ID, [me(), other()]);
  fill(200);
  const log = await inside(await member(), 30);
  log.toLatest();
  expect(log.get().around).toBeNull();
  expect(seqs(log)).toEqual(run(151, 200));
  await log.openAround(30);
  expect(seqs(log)).toEqual(run(6, 55));
});

test('what_is_far_above_is_let_go_and_comes_again', async () => {
  openRoom(server, ID, [me(), other()]);
  const log = await inside(await member());
  fill(399);
  await until(() => expect(seqs(log)).toEqual(run(1, 399)));
  log.trim();
  expect(seqs(log)).toEqual(run(1, 399));
  server.say(ID, other(), '하나 더');
  await until(() => expect(seqs(log)).toHaveLength(400));
  log.trim();
  expect(seqs(log)).toEqual(run(201, 400));
  await log.loadOlder();
  expect(seqs(log)).toEqual(run(151, 400));
});

test('notices_of_people_are_pinned_newest_first_and_what_the_room_says_is_not', async () => {
  openRoom(server, ID, [me(), other()]);
  server.say(ID, other(), '옛 공지', { messageType: 'NOTIFICATION' });
  fill(70);
  const log = await inside(await member());
  const told = () => log.get().notices.map(notice => notice.content);
  expect(told()).toEqual(['옛 공지']);
  server.say(ID, null, '들어왔습니다', { system: { code: 'room-joined', params: { name: '홍' } } });
  server.say(ID, other(), '새 공지', { messageType: 'NOTIFICATION' });
  await until(() => expect(told()).toEqual(['새 공지', '옛 공지']));
});

test('presence_is_kept_up_to_date_once_people_are_asked_for', async () => {
  openRoom(server, ID, [me(), other()]);
  const log = await inside(await member());
  tell({ type: 'PARTICIPANTS', count: 2, onlineCount: 1, participants: people([true, false]) });
  await until(() => expect(log.get().room).toMatchObject({ participantCount: 2, onlineCount: 1 }));
  expect(log.get().participants).toEqual([]);
  await log.loadParticipants();
  expect(log.get().participants.map(one => one.online)).toEqual([false, false]);
  tell({ type: 'PARTICIPANTS', count: 2, onlineCount: 2, participants: people([true, true]) });
  await until(() => expect(log.get().participants.map(one => one.online)).toEqual([true, true]));
  // Of a large room only some are named: the others are not here.
  tell({ type: 'PARTICIPANTS', count: 2, onlineCount: 1, participants: people([true]).slice(0, 1) });
  await until(() => expect(log.get().participants.map(one => one.online)).toEqual([true, false]));
});

test('read_marks_are_mine_and_the_furthest_of_the_others', async () => {
  const room = openRoom(server, ID, [me(), other()]);
  fill(3);
  room.reads.set(me().memberId, 1);
  const log = await inside(await member());
  expect(log.get()).toMatchObject({ unread: 2, firstUnreadSeq: 2, readSeq: { mine: 1, others: 0 } });
  log.markRead();
  await until(() => expect(room.reads.get(me().memberId)).toBe(3));
  expect(log.get().unread).toBe(0);
  tell({ type: 'READ', readerId: other().memberId, messageId: 1, seq: 2 });
  await until(() => expect(log.get().readSeq).toEqual({ mine: 3, others: 2 }));
});

test('who_is_removed_hears_it_and_the_connection_lives_on', async () => {
  openRoom(server, ID, [me(), other()]);
  const maru = await member();
  const log = await inside(maru);
  removeFrom(server, ID, me());
  await until(() => expect(log.get()).toMatchObject({ gone: 'REMOVED', level: false }));
  log.release();
  await maru.rest.rooms.list().catch(() => {});
  expect(maru.connection.get().status).toBe('live');
});

test('who_left_comes_in_again_and_misses_nothing', async () => {
  openRoom(server, ID, [me(), other()]);
  fill(2);
  const log = await inside(await member());
  await log.leave();
  expect(log.get().gone).toBe('LEFT');
  server.say(ID, other(), '그사이');
  await log.join();
  await until(() => expect(log.get()).toMatchObject({ gone: null, level: true }));
  expect(seqs(log)).toEqual([1, 2, 3]);
});

test('a_room_that_closes_says_so_and_stays_ones_own', async () => {
  const room = openRoom(server, ID, [me(), other()]);
  const log = await inside(await member());
  const closed = { ...room.plain, status: 'CLOSED', joined: null, manages: null };
  tell({ type: 'STATE', from: 'ACTIVE', to: 'CLOSED', by: 'A', room: closed });
  await until(() => expect(log.get().room).toMatchObject({ status: 'CLOSED', joined: true, manages: false }));
});
