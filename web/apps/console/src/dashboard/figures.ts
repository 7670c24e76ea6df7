import type { Statistics } from '@maru/client';
import { useQuery } from '@tanstack/react-query';
import { STATS_KEY, useServerSettings } from '../live/queries';
import { maru } from '../maru';

export type Figures = Statistics;
export type Seconds = Statistics['waitingSeconds'];

/** The zone of the server's days. */
export function useServerZone(): string | undefined {
  return useServerSettings()?.timeZone;
}

/** The figures of the sessions opened on the day `from` or later. */
export function useFigures(from: string) {
  return useQuery({
    queryKey: [...STATS_KEY, from],
    queryFn: () => maru.rest.admin.stats({ from }),
    placeholderData: before => before,
  });
}
