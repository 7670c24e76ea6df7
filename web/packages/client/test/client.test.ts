import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import { type Conversation, createMaru, type Maru, memoryStorage, type Storage } from '../src/index';
import { lonelyTab, type Tabs } from '../src/tabs';
import { FakeServer } from './fake/server.mjs';

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

interface Page {
  storage?: Storage;
  tabs?: Tabs;
  now?: () => number;
}

function freshStorage(): Storage {
  return { lasting: memoryStorage(), tab: memoryStorage(), kept: true };
}

function page({ storage = freshStorage(), tabs, now }: Page = {}): Maru {
  const maru = createMaru({
    baseUrl: server.url,
    locale: 'ko',
    credentials: 'token',
    namespace: 'test',
    storage,
    tabs: tabs ?? lonelyTab(),
    now,
    random: () => 0,
    webSocket: (url, protocols) => new NodeWebSocket(url, protocols) as unknown as WebSocket,
  });
  opened.push(maru);
  return maru;
}

async function customer(options: Page = {}): Promise<Maru> {
  const maru = page(options);
  await maru.auth.login('hong', 'hong');
  maru.connect();
  return maru;
}

async function inRoom(maru: Maru, id?: number): Promise<{ id: number; room: Conversation }> {
  const sessionId = id ?? server.open(server.users[0]).sessionId;
  const room = maru.conversation(sessionId);
  room.open();
  await level(room);
  return { id: sessionId, room };
}

const level = (room: Conversation) =>
  vi.waitFor(() => expect(room.get().level).toBe(true), { timeout: 3000 });
const until = (check: () => void) => vi.waitFor(check, { timeout: 4000 });
const texts = (room: Conversation) => room.get().messages.map(message => message.content);
const states = (room: Conversation) => room.get().messages.map(message => message.state);
const stored = (id: number) => server.room(id).messages.map(message => message.content);
const sentTexts = () =>
  server.sends.filter(send => send.destination === '/app/chat.sendMessage').map(send => send.body.content);

describe('a conversation', () => {
  test('history_comes_before_live_messages', async () => {
    const { sessionId } = server.open(server.users[0]);
    for (let i = 1; i <= 60; i++) server.say(sessionId, server.users[1], `m${i}`);
    const maru = await customer();
    const { room } = await inRoom(maru, sessionId);
    server.say(sessionId, server.users[1], 'live');
    await until(() => expect(texts(room).at(-1)).toBe('live'));
    expect(texts(room)).toHaveLength(51);
    expect(room.get().hasOlder).toBe(true);
    await room.loadOlder();
    expect(texts(room)).toHaveLength(61);
    expect(room.get().messages.map(message => message.seq)).toEqual(
      Array.from({ length: 61 }, (_, i) => i + 1),
    );
    expect(room.get().hasOlder).toBe(false);
  });

  test('a_message_goes_from_pending_to_stored_and_is_shown_once', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    const key = room.send('안녕하세요');
    expect(states(room)).toEqual(['pending']);
    await until(() => expect(states(room)).toEqual(['stored']));
    expect(room.get().messages[0]).toMatchObject({ key, seq: 1, own: true });
    expect(stored(id)).toEqual(['안녕하세요']);
  });

  test('missed_messages_come_once_and_in_order_after_a_lost_connection', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.say(id, server.users[1], 'before');
    await until(() => expect(texts(room)).toEqual(['before']));
    server.dropAll();
    await until(() => expect(maru.connection.get().status).toBe('waiting'));
    server.say(id, server.users[1], 'missed 1');
    server.say(id, server.users[1], 'missed 2');
    await level(room);
    server.say(id, server.users[1], 'after');
    await until(() => expect(texts(room)).toEqual(['before', 'missed 1', 'missed 2', 'after']));
    expect(server.requests.filter(request => request.path.endsWith('/messages'))).toHaveLength(1);
  });

  test('a_cursor_the_server_does_not_know_begins_again', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    for (let i = 1; i <= 3; i++) server.say(id, server.users[1], `old ${i}`);
    await until(() => expect(texts(room)).toHaveLength(3));
    server.room(id).messages.length = 0;
    server.say(id, server.users[1], 'new past');
    server.dropAll();
    await until(() => expect(texts(room)).toEqual(['new past']));
    await level(room);
  });

  test('a_refused_subscription_is_not_tried_again', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    const { room: other } = await inRoom(maru);
    (server as unknown as { rooms: Map<number, unknown> }).rooms.delete(id);
    server.dropAll();
    await until(() => expect(room.get().status).toBe('failed'));
    expect(room.get().error?.code).toBe('session_not_found');
    await level(other);
    expect(maru.connection.get().status).toBe('live');
  });

  test('read_marks_and_unread_follow_events_of_both_sides', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.start(id);
    server.say(id, server.users[1], '무엇을 도와드릴까요?');
    await until(() => expect(room.get().unread).toBe(1));
    room.markRead();
    expect(room.get().unread).toBe(0);
    await until(() => expect(server.room(id).reads.get(31)).toBe(2));
    room.send('배송이요');
    await until(() => expect(states(room).at(-1)).toBe('stored'));
    server.publish(`/topic/chat/${id}`, { type: 'READ', sessionId: id, readerId: 51, messageId: 1, seq: 3 });
    await until(() => expect(room.get().readSeq.A).toBe(3));
  });

  test('the_new_messages_line_stands_where_reading_stopped', async () => {
    const { sessionId } = server.open(server.users[0]);
    server.say(sessionId, server.users[1], 'read', { isRead: 'Y' });
    server.say(sessionId, server.users[1], 'not read');
    const maru = await customer();
    const { room } = await inRoom(maru, sessionId);
    expect(room.get()).toMatchObject({ firstUnreadSeq: 2, unread: 1 });
  });

  test('typing_of_the_other_side_expires_by_itself', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const body = { type: 'TYPING', sessionId: id, memberId: 51, senderType: 'A', typing: true };
      server.publish(`/topic/chat/${id}`, body);
      while (room.get().typing.length === 0) await new Promise(resolve => setImmediate(resolve));
      vi.advanceTimersByTime(4999);
      expect(room.get().typing).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(room.get().typing).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });

  test('own_typing_is_told_at_most_every_three_seconds', async () => {
    const maru = await customer();
    const { room } = await inRoom(maru);
    for (let i = 0; i < 10; i++) room.typing();
    room.send('끝');
    await until(() => expect(states(room)).toEqual(['stored']));
    const typing = server.sends
      .filter(send => send.destination === '/app/chat.typing')
      .map(send => send.body.typing);
    expect(typing).toEqual([true, false]);
  });

  test('a_change_of_state_replaces_the_session', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.publish(`/topic/chat/${id}`, { type: 'QUEUE', sessionId: id, queuePosition: 1 });
    await until(() => expect(room.get().session?.queuePosition).toBe(1));
    server.start(id);
    await until(() => expect(room.get().session).toMatchObject({ status: 'ACTIVE', adminName: '김상담' }));
  });
});

describe('the outbox', () => {
  test('what_was_written_without_a_connection_is_sent_in_order_later', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.dropAll();
    await until(() => expect(maru.connection.get().status).toBe('waiting'));
    for (const text of ['1', '2', '3']) room.send(text);
    expect(states(room)).toEqual(['pending', 'pending', 'pending']);
    await until(() => expect(stored(id)).toEqual(['1', '2', '3']));
    await until(() => expect(states(room)).toEqual(['stored', 'stored', 'stored']));
  });

  test('unsent_messages_survive_a_reload', async () => {
    const storage = freshStorage();
    const tabs = lonelyTab('tab-1');
    const before = await customer({ storage, tabs });
    const { id, room } = await inRoom(before);
    server.onSend = () => 'swallow';
    room.send('첫째');
    room.send('둘째');
    before.close();
    server.onSend = () => 'store';
    const after = page({ storage, tabs });
    after.connect();
    const { room: again } = await inRoom(after, id);
    await until(() => expect(stored(id)).toEqual(['첫째', '둘째']));
    await until(() => expect(states(again)).toEqual(['stored', 'stored']));
    const third = page({ storage, tabs });
    third.connect();
    const { room: clean } = await inRoom(third, id);
    expect(texts(clean)).toEqual(['첫째', '둘째']);
    expect(sentTexts()).toEqual(['첫째', '첫째', '둘째']);
  });

  test('a_message_stored_just_before_the_connection_broke_is_not_doubled', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.onSend = ({ body }) => {
      server.onSend = () => 'store';
      server.say(id, server.users[0], String(body.content), {
        clientMessageId: String(body.clientMessageId),
      });
      return 'drop';
    };
    room.send('한 번만');
    await until(() => expect(states(room)).toEqual(['stored']));
    await level(room);
    expect(stored(id)).toEqual(['한 번만']);
    expect(texts(room)).toEqual(['한 번만']);
    expect(sentTexts()).toEqual(['한 번만']);
  });

  test('another_living_tab_does_not_send_them_and_a_dead_one_leaves_them', async () => {
    const storage = freshStorage();
    const living = new Set(['a', 'b']);
    const tab = (id: string): Tabs => ({ ...lonelyTab(id), alive: async () => living });
    const first = await customer({ storage, tabs: tab('a') });
    const { id, room } = await inRoom(first);
    server.onSend = () => 'swallow';
    room.send('누가 보낼까');
    await until(() => expect(sentTexts()).toHaveLength(1));
    server.onSend = () => 'store';
    const second = page({ storage, tabs: tab('b') });
    second.connect();
    const { room: beside } = await inRoom(second, id);
    expect(texts(beside)).toEqual([]);
    first.close();
    living.delete('a');
    const third = page({ storage, tabs: tab('b') });
    third.connect();
    await inRoom(third, id);
    await until(() => expect(stored(id)).toEqual(['누가 보낼까']));
  });

  test('a_refused_message_keeps_its_text_and_the_next_ones_go_on', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    server.onSend = ({ body }) =>
      body.content === '나쁜' ? { code: 'content_too_long', error: '메시지가 너무 깁니다.' } : 'store';
    const bad = room.send('나쁜');
    room.send('좋은');
    await until(() => expect(stored(id)).toEqual(['좋은']));
    const failed = room.get().messages.find(message => message.key === bad);
    expect(failed).toMatchObject({
      state: 'failed',
      content: '나쁜',
      error: { error: '메시지가 너무 깁니다.' },
    });
    server.onSend = () => 'store';
    room.retry(bad);
    await until(() => expect(stored(id)).toEqual(['좋은', '나쁜']));
    const again = room.send('버릴 것');
    room.discard(again);
    expect(texts(room)).not.toContain('버릴 것');
  });

  test('order_holds_when_a_message_is_put_off_by_a_limit', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    let refusals = 2;
    server.onSend = ({ body }) =>
      body.content === '1' && refusals-- > 0
        ? { code: 'rate_limited', error: '잠시만요', retryAfter: 0.05 }
        : 'store';
    for (const text of ['1', '2', '3']) room.send(text);
    await until(() => expect(stored(id)).toEqual(['1', '2', '3']));
  });
});

describe('the connection', () => {
  test('states_follow_one_another', async () => {
    const maru = page();
    await maru.auth.login('hong', 'hong');
    const seen: string[] = [maru.connection.get().status];
    maru.connection.subscribe(() => seen.push(maru.connection.get().status));
    maru.connect();
    await until(() => expect(maru.connection.get().status).toBe('live'));
    server.dropAll(1012);
    await until(() => expect(seen.at(-1)).toBe('waiting'));
    expect(maru.connection.get()).toMatchObject({ cause: 'restarting' });
    await until(() => expect(seen.at(-1)).toBe('live'));
    maru.close();
    expect(seen).toEqual(['idle', 'connecting', 'live', 'waiting', 'connecting', 'live', 'closed']);
  });

  test.each([
    [4403, 'revoked'],
    [4409, 'replaced'],
  ])('close_code_%i_ends_it', async (code, reason) => {
    const maru = await customer();
    await until(() => expect(maru.connection.get().status).toBe('live'));
    server.dropAll(code);
    await until(() => expect(maru.connection.get()).toEqual({ status: 'closed', reason }));
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(server.connects).toHaveLength(1);
  });

  test('too_slow_comes_back_at_once', async () => {
    const maru = await customer();
    await until(() => expect(maru.connection.get().status).toBe('live'));
    server.dropAll(4500);
    await until(() => expect(server.connects).toHaveLength(2));
  });

  test('an_expired_login_is_renewed_once_and_the_connection_made_again', async () => {
    const maru = await customer();
    const { room } = await inRoom(maru);
    server.tokens.clear();
    server.dropAll(4401);
    await until(() => expect(server.refreshCount).toBe(1));
    await level(room);
    expect(maru.connection.get().status).toBe('live');
  });

  test('a_login_that_cannot_be_renewed_ends_it', async () => {
    const maru = await customer();
    await until(() => expect(maru.connection.get().status).toBe('live'));
    server.tokens.clear();
    server.refreshes.clear();
    server.dropAll(4401);
    await until(() => expect(maru.auth.state.get()).toEqual({ status: 'anonymous' }));
    expect(maru.connection.get().status).toBe('closed');
  });

  test('a_server_that_is_away_is_tried_until_it_is_back', async () => {
    const maru = await customer();
    const { id, room } = await inRoom(maru);
    const { port } = server;
    const rooms = (server as unknown as { rooms: Map<number, unknown> }).rooms;
    const { tokens } = server;
    await server.stop();
    await until(() => expect(maru.connection.get()).toMatchObject({ status: 'waiting', attempt: 1 }));
    room.send('기다렸어요');
    server = await Object.assign(new FakeServer(), { rooms, tokens }).listen(port);
    await until(() => expect(stored(id)).toEqual(['기다렸어요']));
  });
});

describe('a log-in', () => {
  test('several_calls_refresh_once', async () => {
    let now = Date.now();
    const maru = page({ now: () => now });
    await maru.auth.login('hong', 'hong');
    now += 3_599_000;
    await Promise.all([maru.rest.categories(), maru.rest.mySessions(), maru.rest.mySessions()]);
    expect(server.refreshCount).toBe(1);
  });

  test('two_tabs_refresh_once', async () => {
    const storage = freshStorage();
    const tabs = lonelyTab('shared lock');
    const first = page({ storage, tabs });
    await first.auth.login('hong', 'hong');
    const second = page({ storage, tabs });
    server.tokens.clear();
    await Promise.all([first.rest.mySessions(), second.rest.mySessions()]);
    expect(server.refreshCount).toBe(1);
  });

  test('refusals_carry_code_and_sentence', async () => {
    const maru = page();
    await expect(maru.auth.login('hong', 'wrong')).rejects.toMatchObject({
      code: 'bad_credentials',
      status: 401,
      error: '아이디나 비밀번호가 맞지 않아요.',
    });
  });

  test('a_guest_keeps_the_place_over_a_reload', async () => {
    const storage = freshStorage();
    const before = page({ storage });
    const guest = await before.auth.guest();
    const after = page({ storage });
    expect(after.auth.state.get()).toEqual({ status: 'signedIn', user: guest });
  });
});

describe('watching a topic', () => {
  test('each_subscription_begins_with_resync', async () => {
    const maru = page();
    await maru.auth.login('agent1', 'agent1');
    maru.connect();
    const events: string[] = [];
    const undo = maru.watch<{ type: string }>('/topic/chat/new-session', event => events.push(event.type));
    await until(() => expect(events).toEqual(['RESYNC']));
    server.publish('/topic/chat/new-session', { type: 'NEW_SESSION' });
    await until(() => expect(events).toEqual(['RESYNC', 'NEW_SESSION']));
    server.dropAll();
    await until(() => expect(events).toEqual(['RESYNC', 'NEW_SESSION', 'RESYNC']));
    const late: string[] = [];
    maru.watch<{ type: string }>('/topic/chat/new-session', event => late.push(event.type));
    await until(() => expect(late).toEqual(['RESYNC']));
    undo();
  });
});
