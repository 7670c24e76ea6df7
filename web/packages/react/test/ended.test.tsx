import {
  asMaruError,
  type Conversation,
  type CustomerMaru,
  MaruError,
  type SupportSession,
} from '@maru/client';
import { setLocale } from '@maru/ui';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Ended } from '../src/customer/ended';
import { MaruProvider } from '../src/provider';

let root: Root;
let place: HTMLElement;
const rate = vi.fn();
const mailTranscript = vi.fn();
const update = vi.fn();
const onContinue = vi.fn();
const onNext = vi.fn();
const maru = { rest: { rate, mailTranscript } } as unknown as CustomerMaru;
const conversation = { update } as unknown as Conversation;
const over = { sessionId: 12, adminId: 51, exitReason: 'RESOLVED', rating: null } as SupportSession;

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  for (const call of [rate, mailTranscript, update, onContinue, onNext]) call.mockReset();
  await setLocale('ko');
  place = document.createElement('div');
  document.body.append(place);
  root = createRoot(place);
});

afterEach(() => {
  act(() => root.unmount());
  place.remove();
});

function show(session: SupportSession, next = false, mail = false) {
  act(() =>
    root.render(
      <MaruProvider maru={maru}>
        <Ended
          mail={mail}
          session={session}
          conversation={conversation}
          onBack={() => {}}
          onContinue={next ? undefined : onContinue}
          onNext={next ? onNext : undefined}
        />
      </MaruProvider>,
    ),
  );
}

const button = (name: string) =>
  [...place.querySelectorAll('button')].find(one => one.textContent === name) as HTMLButtonElement;
const radios = () => [...place.querySelectorAll<HTMLInputElement>('input[type="radio"]')];

function choose(score: number) {
  act(() => {
    const radio = radios()[score - 1];
    if (radio) radio.checked = true;
    radio?.dispatchEvent(new Event('input', { bubbles: true }));
    radio?.dispatchEvent(new Event('change', { bubbles: true }));
    radio?.click();
  });
}

test('five_radio_buttons_say_what_they_count_and_words_may_be_added_after_one_is_chosen', async () => {
  rate.mockResolvedValue({ ...over, rating: { score: 4 } });
  show(over);
  expect(radios().map(radio => radio.getAttribute('aria-label'))).toEqual(
    [1, 2, 3, 4, 5].map(score => `5점 만점에 ${score}점`),
  );
  expect(new Set(radios().map(radio => radio.name)).size).toBe(1);
  expect(place.querySelector('textarea')).toBeNull();
  choose(4);
  const words = place.querySelector('textarea');
  if (words) words.value = '  친절했어요 ';
  await act(async () => button('보내기').click());
  expect(rate).toHaveBeenCalledWith(12, 4, '친절했어요');
  expect(update).toHaveBeenCalledWith(expect.objectContaining({ rating: { score: 4 } }));
});

test('a_refused_rating_says_why_and_stays_to_be_sent_again', async () => {
  rate.mockRejectedValue(new MaruError('wrong_state', '평가 기간이 지났어요.', 409));
  show(over);
  choose(2);
  await act(async () => button('보내기').click());
  const said = () => place.querySelectorAll('[role="alert"]:not([hidden])');
  await vi.waitFor(() => expect([...said()].map(one => one.textContent)).toEqual(['평가 기간이 지났어요.']));
  expect(button('보내기').disabled).toBe(false);
});

test('a_rating_that_was_given_is_shown_and_may_be_changed', () => {
  show({ ...over, rating: { score: 3, comment: null, at: '2026-11-20T05:00:00Z' } });
  expect(place.textContent).toContain('3점을 주셨어요');
  act(() => button('고치기').click());
  expect(radios()[2]?.checked).toBe(true);
});

test('nobody_is_asked_about_a_session_that_no_agent_took', () => {
  show({ ...over, adminId: null });
  expect(radios()).toEqual([]);
});

test('the_way_on_continues_or_leads_to_where_it_was_continued', async () => {
  onContinue.mockRejectedValue(asMaruError(new Error('x')));
  show(over);
  await act(async () => button('이어서 상담하기').click());
  expect(onContinue).toHaveBeenCalled();
  show(over, true);
  expect(button('이어서 상담하기')).toBeUndefined();
  act(() => button('이어진 상담 보기').click());
  expect(onNext).toHaveBeenCalled();
});

test('a_copy_goes_to_the_address_that_was_given_and_it_says_so', async () => {
  mailTranscript.mockResolvedValue(undefined);
  show({ ...over, email: 'hong@example.com' }, false, true);
  act(() => button('메일로 받기').click());
  const field = place.querySelector<HTMLInputElement>('input[type="email"]');
  expect(field?.value).toBe('hong@example.com');
  if (field) field.value = 'gil@example.com';
  await act(async () => button('보내기').click());
  expect(mailTranscript).toHaveBeenCalledWith(12, 'gil@example.com');
  await vi.waitFor(() => expect(place.textContent).toContain('메일로 보내 드려요.'));
});

test('without_mail_no_copy_is_offered', () => {
  show(over);
  expect(button('메일로 받기')).toBeUndefined();
});
