import type { Conversation, ConversationState } from '@maru/client';
import { setLocale } from '@maru/ui';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MessageList } from '../src/message-list';

let root: Root;
let place: HTMLElement;

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  await setLocale('ko');
  place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
});

afterEach(() => {
  act(() => root.unmount());
  place.remove();
});

const base = {
  messageType: 'TEXT',
  at: '2026-11-20T05:00:00Z',
  system: null,
  error: null,
  messageId: 1,
};

const state = (change: Partial<ConversationState>): ConversationState => ({
  sessionId: 12,
  status: 'ready',
  error: null,
  level: true,
  session: null,
  messages: [],
  hasOlder: false,
  loadingOlder: false,
  firstUnreadSeq: null,
  unread: 0,
  typing: [],
  readSeq: { M: 0, A: 0 },
  mySide: 'M',
  ...change,
});

const conversation = () =>
  ({ retry: vi.fn(), discard: vi.fn(), markRead: vi.fn(), loadOlder: vi.fn() }) as unknown as Conversation;

function show(shown: ConversationState, with_: Conversation = conversation(), attentive = true) {
  act(() => root.render(<MessageList state={shown} conversation={with_} attentive={attentive} />));
}

const own = (seq: number | null, stage: 'pending' | 'failed' | 'stored') => ({
  ...base,
  key: `c${seq}${stage}`,
  state: stage,
  own: true,
  seq,
  senderId: 31,
  senderName: '홍길동',
  senderType: 'M' as const,
  content: `내 글 ${seq}`,
});

const theirs = (seq: number, content: string) => ({
  ...base,
  key: `m${seq}`,
  state: 'stored' as const,
  own: false,
  seq,
  senderId: 51,
  senderName: '김상담',
  senderType: 'A' as const,
  content,
});

test('ticks_tell_how_far_a_message_got', () => {
  show(state({ messages: [own(1, 'stored')], readSeq: { M: 0, A: 1 } }));
  expect(place.textContent).toContain('읽음');
  show(state({ messages: [own(1, 'stored')] }));
  expect(place.textContent).toContain('보냄');
  show(state({ messages: [own(null, 'pending')] }));
  expect(place.textContent).toContain('보내는 중');
});

test('a_failed_message_says_why_and_offers_another_try', () => {
  const with_ = conversation();
  const failed = {
    ...own(null, 'failed'),
    error: { code: 'content_too_long', error: '메시지가 너무 깁니다.' },
  };
  show(state({ messages: [failed] }), with_);
  expect(place.textContent).toContain('메시지가 너무 깁니다.');
  const [retry, discard] = [...place.querySelectorAll('button')];
  act(() => retry?.click());
  act(() => discard?.click());
  expect(with_.retry).toHaveBeenCalledWith(failed.key);
  expect(with_.discard).toHaveBeenCalledWith(failed.key);
});

test('markup_in_a_message_stays_text', () => {
  const text = '<img src=x onerror=alert(1)> <b>굵게</b>';
  show(state({ messages: [theirs(1, text)] }));
  expect(place.querySelector('img, b')).toBeNull();
  expect(place.textContent).toContain(text);
});

test('only_what_comes_in_while_looking_is_read_out', () => {
  const spoken = () => place.querySelector('[aria-live]')?.textContent;
  show(state({ messages: [theirs(1, '전에 온 글')] }));
  expect(spoken()).toBe('');
  show(state({ messages: [theirs(1, '전에 온 글'), theirs(2, '새 글')] }));
  expect(spoken()).toBe('김상담: 새 글');
});

test('nothing_is_marked_read_while_nobody_looks', () => {
  const with_ = conversation();
  show(state({ messages: [theirs(1, '글')] }), with_, false);
  expect(with_.markRead).not.toHaveBeenCalled();
  show(state({ messages: [theirs(1, '글')] }), with_, true);
  expect(with_.markRead).toHaveBeenCalled();
});

test('a_system_message_is_worded_for_its_reader', () => {
  const note = {
    ...theirs(1, 'An agent started.'),
    senderType: 'S' as const,
    senderId: null,
    senderName: null,
    system: { code: 'started', params: { name: '김상담' } },
  };
  show(state({ messages: [note] }));
  expect(place.textContent).toContain('김상담 상담원이 상담을 시작했어요.');
});

test('customers_are_not_told_of_their_own_comings', () => {
  const coming = (side: 'member' | 'agent') => ({
    ...theirs(side === 'member' ? 1 : 2, ''),
    senderType: 'S' as const,
    senderId: null,
    senderName: null,
    system: { code: `returned-${side}`, params: { name: '누군가' } },
  });
  show(state({ messages: [coming('member'), coming('agent')] }));
  expect(place.querySelectorAll('li')).toHaveLength(1);
  expect(place.textContent).toContain('누군가 상담원이 돌아왔어요.');
});
