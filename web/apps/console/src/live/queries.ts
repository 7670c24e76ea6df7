import type { Agent, Category, Page, Statistics, SupportSession, Viewer } from '@maru/client';
import { QueryClient, useQuery } from '@tanstack/react-query';
import { maru } from '../maru';
import type { OpenSessions } from './open-sessions';

export const OPEN_KEY = ['open-sessions'] as const;
export const STATS_KEY = ['stats'] as const;
export const HISTORY_KEY = ['history'] as const;
export const AGENTS_KEY = ['agents'] as const;
export const VIEWERS_KEY = ['viewers'] as const;

/** Answers stay until an event or a new subscription says that they may be old: an idle page asks for nothing. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: Number.POSITIVE_INFINITY, retry: 1, refetchOnWindowFocus: false },
  },
});

const OPEN_STATES = 'WAITING,ACTIVE,DISCONNECTED';
const NONE: OpenSessions = new Map();
type Change = (sessions: OpenSessions) => OpenSessions;
const fetching = new Set<Change[]>();

async function everyOpen(): Promise<SupportSession[]> {
  const all: SupportSession[] = [];
  let before: string | undefined;
  do {
    const page: Page<SupportSession> = await maru.rest.admin.sessions({
      status: OPEN_STATES,
      limit: 200,
      before,
    });
    all.push(...page.items);
    before = page.nextCursor ?? undefined;
  } while (before !== undefined);
  return all;
}

/** Fetches the lists and puts on top what the topics said meanwhile, so that an old page never hides a new event. */
async function fetchOpen(): Promise<OpenSessions> {
  const meanwhile: Change[] = [];
  fetching.add(meanwhile);
  try {
    const fetched: OpenSessions = new Map((await everyOpen()).map(session => [session.sessionId, session]));
    return meanwhile.reduce((sessions, change) => change(sessions), fetched);
  } finally {
    fetching.delete(meanwhile);
  }
}

export interface OpenLists {
  sessions: OpenSessions;
  pending: boolean;
  failed: boolean;
}

export function useOpenSessions(): OpenLists {
  const { data, isPending, isError } = useQuery({ queryKey: OPEN_KEY, queryFn: fetchOpen });
  return { sessions: data ?? NONE, pending: isPending, failed: isError };
}

/** Which other agents look at a chat now. */
export function useViewers(sessionId: number, me: number): Viewer[] {
  const { data = [] } = useQuery({
    queryKey: [...VIEWERS_KEY, sessionId],
    queryFn: () => maru.rest.admin.viewers(sessionId),
  });
  return data.filter(viewer => viewer.memberId !== me);
}

/** What the figures tell of the server's settings: its zone, and the steps of waiting. */
export function useServerSettings(): Statistics | undefined {
  const { data } = useQuery({
    queryKey: ['server-settings'],
    queryFn: () => maru.rest.admin.stats({ from: new Date().toISOString() }),
  });
  return data;
}

export function changeOpenSessions(change: Change): void {
  for (const meanwhile of fetching) meanwhile.push(change);
  queries.setQueryData<OpenSessions>(OPEN_KEY, sessions => sessions && change(sessions));
}

export function openSession(sessionId: number): SupportSession | undefined {
  return queries.getQueryData<OpenSessions>(OPEN_KEY)?.get(sessionId);
}

export function useCategories(): Category[] {
  const { data } = useQuery({ queryKey: ['categories'], queryFn: () => maru.rest.categories() });
  return data ?? [];
}

/** Who may take a chat. Who is online changes, so each look asks again. */
export function useAgents(): Agent[] {
  const { data } = useQuery({
    queryKey: AGENTS_KEY,
    queryFn: () => maru.rest.admin.agents(),
    staleTime: 10_000,
  });
  return data ?? [];
}
