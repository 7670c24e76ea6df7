import type { Page, SupportSession } from '@maru/client';
import { maru } from '../maru';
import type { Filters } from '../search-state';

/** One page of the history, newest first, after `before`. */
export function fetchHistory(
  filters: Partial<Filters>,
  before: string | null,
  limit = 50,
): Promise<Page<SupportSession>> {
  const { q, customer, ...others } = filters;
  return maru.rest.admin.history({
    ...others,
    q: q?.trim(),
    customer: customer?.trim(),
    limit,
    before: before ?? undefined,
  });
}
