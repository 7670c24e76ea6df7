import type { SessionStatus } from '@maru/client';
import { useQuery } from '@tanstack/react-query';
import { STATS_KEY } from '../live/queries';
import { maru } from '../maru';

/** A length of time over several sessions, in seconds; null where nothing was measured. */
export interface Seconds {
  average: number | null;
  max: number | null;
  count: number;
}

/** What `GET /api/admin/chat/stats` answers, as far as it is shown. */
export interface Figures {
  /** The zone in which the days are meant. */
  timeZone: string;
  sessions: {
    total: number;
    byStatus: Record<SessionStatus, number>;
    byCategory: { categoryId: number; name: string; count: number }[];
    byAgent: { memberId: number; name: string; count: number }[];
  };
  waitingSeconds: Seconds;
  firstResponseSeconds: Seconds;
  handlingSeconds: Seconds;
  messages: { total: number; customer: number; agent: number; system: number };
}

async function fetchFigures(from: string): Promise<Figures> {
  return maru.rest.call('GET', '/api/admin/chat/stats', { query: { from } });
}

/** The zone of the server's days. */
export function useServerZone(): string | undefined {
  const { data } = useQuery({
    queryKey: ['server-zone'],
    queryFn: () => fetchFigures(new Date().toISOString()),
  });
  return data?.timeZone;
}

/** The figures of the sessions opened on the day `from` or later. */
export function useFigures(from: string) {
  return useQuery({
    queryKey: [...STATS_KEY, from],
    queryFn: () => fetchFigures(from),
    placeholderData: before => before,
  });
}
