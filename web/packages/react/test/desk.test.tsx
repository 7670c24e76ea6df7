import type { Desk } from '@maru/client';
import { setLocale } from '@maru/ui';
import { afterEach, expect, test, vi } from 'vitest';
import { deskWords, hoursText, isStaffed } from '../src/customer/desk';

const ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const desk = (change: Partial<Desk>): Desk => ({
  open: true,
  opensAt: null,
  closesAt: null,
  timeZone: ZONE,
  hours: [],
  waiting: 0,
  expectedWaitSeconds: null,
  agentsAvailable: 2,
  mail: false,
  ...change,
});
const on = (days: string[], from = '09:00', to = '18:00') => days.map(day => ({ day, from, to }));

afterEach(() => void vi.useRealTimers());

test('days_of_the_same_hours_stand_together_and_a_gap_parts_them', async () => {
  await setLocale('en');
  const hours = [
    ...on(['MON', 'TUE', 'WED']),
    ...on(['FRI']),
    ...on(['SAT'], '10:00', '13:00'),
    ...on(['SAT'], '14:00', '16:00'),
  ];
  expect(hoursText(desk({ hours })).replace(/\s*–\s*/g, '–')).toBe(
    'Mon–Wed 09:00–18:00, Fri 09:00–18:00, Sat 10:00–13:00, Sat 14:00–16:00',
  );
});

test('the_zone_is_named_where_it_is_not_the_readers_own', async () => {
  await setLocale('ko');
  const timeZone = ZONE === 'Asia/Seoul' ? 'Europe/Paris' : 'Asia/Seoul';
  expect(hoursText(desk({ hours: on(['SUN']), timeZone }))).toBe(`일 09:00–18:00 (${timeZone})`);
});

test('an_open_desk_says_how_many_wait_and_how_long_it_takes', async () => {
  await setLocale('ko');
  expect(deskWords(desk({ waiting: 3, expectedWaitSeconds: 200 }))).toEqual([
    '지금 상담할 수 있어요.',
    '앞에 3명이 기다리고 있어요. 보통 4분 안에 답해요.',
  ]);
  expect(deskWords(desk({}))[1]).toBe('');
});

test('out_of_hours_it_says_when_it_opens', async () => {
  vi.useFakeTimers({ now: new Date(2026, 10, 21, 20, 0) });
  await setLocale('ko');
  const closed = desk({
    open: false,
    agentsAvailable: 0,
    opensAt: new Date(2026, 10, 23, 9, 0).toISOString(),
  });
  expect(deskWords(closed)[0]).toBe('지금은 상담 시간이 아니에요.');
  expect(deskWords(closed)[1]).toMatch(/^11월 23일 월요일 .* 9:00에 다시 열어요\.$/);
  expect(isStaffed(closed)).toBe(false);
  const today = desk({ open: false, opensAt: new Date(2026, 10, 21, 21, 0).toISOString() });
  expect(deskWords(today)[1]).toMatch(/^\S+ 9:00에 다시 열어요\.$/);
});

test('open_without_an_agent_is_not_promised_as_open', async () => {
  await setLocale('ko');
  const alone = desk({ agentsAvailable: 0, waiting: 1, expectedWaitSeconds: 60 });
  expect(isStaffed(alone)).toBe(false);
  expect(deskWords(alone)).toEqual(['지금은 상담원이 자리에 없어요.', '앞에 1명이 기다리고 있어요.']);
});
