import type { Availability, AvailabilityEvent } from '@maru/client';
import { useQuery } from '@tanstack/react-query';
import { maru, sentenceOf } from '../maru';
import { toast } from '../shell/toasts';
import { AGENTS_KEY, queries } from './queries';

export const AVAILABILITIES: readonly Availability[] = ['AVAILABLE', 'BUSY', 'AWAY'];
export const AVAILABILITY_KEY = ['availability'] as const;

/** What this agent has said of the own readiness; undefined until it is known. */
export function useAvailability(): Availability | undefined {
  const { data } = useQuery({
    queryKey: AVAILABILITY_KEY,
    queryFn: async () => (await maru.rest.admin.availability()).availability,
  });
  return data;
}

/** Says it, on every device of this agent. */
export async function sayAvailability(next: Availability): Promise<void> {
  try {
    await maru.rest.admin.setAvailability(next);
    queries.setQueryData(AVAILABILITY_KEY, next);
  } catch (error) {
    toast(sentenceOf(error), 'danger');
  }
}

/** Somebody has said it: another agent, or this one elsewhere. */
export function takeAvailability({ memberId, availability }: AvailabilityEvent, me: number): void {
  if (memberId === me) queries.setQueryData(AVAILABILITY_KEY, availability);
  void queries.invalidateQueries({ queryKey: AGENTS_KEY });
}
