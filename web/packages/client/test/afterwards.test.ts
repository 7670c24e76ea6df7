import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMaru, type Maru, memoryStorage } from '../src/index';
import { lonelyTab } from '../src/tabs';
import { FakeServer } from './fake/server.mjs';

let server: FakeServer;
let maru: Maru;
let id: number;

beforeEach(async () => {
  server = await new FakeServer().listen();
  maru = createMaru({
    baseUrl: server.url,
    locale: 'ko',
    credentials: 'token',
    storage: { lasting: memoryStorage(), tab: memoryStorage(), kept: true },
    tabs: lonelyTab(),
  });
  await maru.auth.login('hong', 'hong');
  id = (await maru.rest.openSession({ categoryId: 2 })).sessionId;
  server.say(id, null, '상담을 기다리고 있어요.');
  await maru.rest.end(id);
});

afterEach(() => server.stop());

test('a_rating_is_put_and_comes_back_with_the_session', async () => {
  const session = await maru.rest.rate(id, 4, '친절했어요');
  expect(session.rating).toMatchObject({ score: 4, comment: '친절했어요' });
});

test('a_transcript_is_the_text_as_it_was_sent', async () => {
  expect(await maru.rest.transcript(id)).toBe('상담을 기다리고 있어요.\n');
});

test('a_conversation_is_taken_up_again_in_a_session_of_the_same_category', async () => {
  const session = await maru.rest.openSession({ continues: id });
  expect(session).toMatchObject({ continues: id, categoryId: 2, status: 'WAITING' });
});
