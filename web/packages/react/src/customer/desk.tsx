import type { Desk } from '@maru/client';
import { clockTime, dayName, locale, sameDay } from '@maru/ui';
import { type RefObject, useEffect, useState } from 'react';
import { useMaru } from '../provider';
import { EmailField } from './email-field';
import css from './support-chat.module.css';
import { t, useT } from './texts';

/** Three letters a day. */
const DAYS = 'MONTUEWEDTHUFRISATSUN';
/** A Monday. */
const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;

/** How the desk stands, asked anew each time somebody comes to look; null until it is known. */
export function useDesk(looking: boolean): Desk | null {
  const { rest } = useMaru();
  const [desk, setDesk] = useState<Desk | null>(null);
  useEffect(() => {
    if (looking) rest.desk().then(setDesk, () => {});
  }, [rest, looking]);
  return desk;
}

/** Somebody is there to answer. */
export function isStaffed(desk: Desk): boolean {
  return desk.open && desk.agentsAvailable > 0;
}

/** What it means for whoever asks now: whether somebody is there, and how soon an answer comes. */
export function deskWords(desk: Desk): [state: string, answer: string] {
  const { open, opensAt, waiting, expectedWaitSeconds: wait } = desk;
  if (!open) return [t('desk.closed'), opensAt ? t('desk.opens', { time: momentOf(opensAt) }) : ''];
  const staffed = isStaffed(desk);
  const answer = [waiting > 0 && t('queue.ahead', { count: waiting }), staffed && wait && waitText(wait)];
  return [t(staffed ? 'desk.open' : 'desk.none'), answer.filter(Boolean).join(' ')];
}

function momentOf(at: string): string {
  return sameDay(at, new Date()) ? clockTime(at) : `${dayName(at)} ${clockTime(at)}`;
}

/** How long others waited, in whole minutes. */
export function waitText(seconds: number): string {
  const options = { style: 'unit', unit: 'minute', unitDisplay: 'long' } as const;
  return t('desk.wait', { time: new Intl.NumberFormat(locale(), options).format(Math.ceil(seconds / 60)) });
}

/** "월–금 09:00–18:00, 토 10:00–13:00", with the zone where it is not the reader's own. */
export function hoursText({ hours, timeZone }: Desk): string {
  const spans: { first: number; last: number; at: string }[] = [];
  for (const { day, from, to } of hours) {
    const [today, at] = [MONDAY + (DAYS.indexOf(day) / 3) * DAY_MS, `${from}–${to}`];
    const before = spans.find(span => span.at === at && span.last === today - DAY_MS);
    if (before) before.last = today;
    else spans.push({ first: today, last: today, at });
  }
  const days = new Intl.DateTimeFormat(locale(), { weekday: 'short', timeZone: 'UTC' });
  const text = spans.map(({ first, last, at }) => `${days.formatRange(first, last)} ${at}`).join(', ');
  return timeZone === new Intl.DateTimeFormat().resolvedOptions().timeZone ? text : `${text} (${timeZone})`;
}

/** The desk before the first message: who is there, how long it takes, when it is open. */
export function DeskView({ desk, email }: { desk: Desk; email: RefObject<HTMLInputElement | null> }) {
  useT();
  const [state, answer] = deskWords(desk);
  const staffed = isStaffed(desk);
  return (
    <div className={`${css.queue} ${css.desk}`} data-open={staffed} role="status">
      <div>
        <b>{state}</b>
        <p>{answer}</p>
        {!staffed && (
          <p>
            {t('desk.promise')} {desk.mail && t('desk.mail')}
          </p>
        )}
        {desk.hours.length > 0 && <p>{t('desk.hours', { hours: hoursText(desk) })}</p>}
        {!staffed && desk.mail && <EmailField field={email} />}
      </div>
    </div>
  );
}
