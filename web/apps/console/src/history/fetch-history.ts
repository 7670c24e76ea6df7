import type { Page, SupportSession } from '@maru/client';
import { maru } from '../maru';
import type { Filters } from '../search-state';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A day of the reader's calendar as the moment it begins. */
function dayStart(day: string): string | undefined {
  return DAY.test(day) ? new Date(`${day}T00:00:00`).toISOString() : undefined;
}

function dayEnd(day: string): string | undefined {
  if (!DAY.test(day)) return undefined;
  const next = new Date(`${day}T00:00:00`);
  next.setDate(next.getDate() + 1);
  return new Date(next.getTime() - 1).toISOString();
}

/** One page of the history, newest first, after `before`. */
export function fetchHistory(
  filters: Partial<Filters>,
  before: string | null,
  limit = 50,
): Promise<Page<SupportSession>> {
  const { q, customer, agent, category, status, from = '', to = '' } = filters;
  return maru.rest.call('GET', '/api/admin/chat/history', {
    query: {
      q: q?.trim(),
      customer: customer?.trim(),
      agent,
      category,
      status,
      from: dayStart(from),
      to: dayEnd(to),
      limit,
      before: before ?? undefined,
    },
  });
}
