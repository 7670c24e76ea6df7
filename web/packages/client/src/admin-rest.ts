import type { CustomerRest } from './rest';
import type {
  Agent,
  Availability,
  ExitReason,
  Message,
  OwnAvailability,
  Page,
  SessionFilter,
  Statistics,
  SupportSession,
  Viewer,
} from './wire';

/** REST as agents use it. */
export type AdminRest = ReturnType<typeof createAdminRest>;

export function createAdminRest({ call }: CustomerRest) {
  const get = <Answer>(path: string, query?: Record<string, string | number | undefined>) =>
    call<Answer>('GET', path, { query });
  const post = <Answer>(path: string, body: unknown = {}) => call<Answer>('POST', path, { body });
  const admin = (id: number) => `/api/admin/chat/sessions/${id}`;

  return {
    sessions: (filter: SessionFilter = {}) =>
      get<Page<SupportSession>>('/api/admin/chat/sessions', { ...filter }),
    history: (filter: SessionFilter = {}) =>
      get<Page<SupportSession>>('/api/admin/chat/history', { ...filter }),
    historyDetail: (id: number) =>
      get<{ session: SupportSession; messages: Page<Message> }>(`/api/admin/chat/history/${id}`),
    start: (id: number) => post<SupportSession>(`${admin(id)}/start`),
    /** Without an agent: back to the queue. The reason is for agents alone. */
    transfer: (id: number, to: { agentId?: number; reason?: string } = {}) =>
      post<SupportSession>(`${admin(id)}/transfer`, to),
    end: (id: number, exitReason?: ExitReason) =>
      post<SupportSession>(`${admin(id)}/end`, exitReason && { exitReason }),
    /** By name. */
    agents: () => get<{ items: Agent[] }>('/api/admin/chat/agents').then(answer => answer.items),
    viewers: (id: number) => get<{ items: Viewer[] }>(`${admin(id)}/viewers`).then(answer => answer.items),
    /** Unread again from a message of the other side on (the last, if none); for oneself alone. */
    unread: (id: number, messageId?: number) =>
      post<SupportSession>(`/api/chat/sessions/${id}/unread`, messageId && { messageId }),
    availability: () => get<OwnAvailability>('/api/admin/chat/availability'),
    setAvailability: (availability: Availability) =>
      call<OwnAvailability>('PUT', '/api/admin/chat/availability', { body: { availability } }),
    stats: (range: { from?: string; to?: string } = {}) => get<Statistics>('/api/admin/chat/stats', range),
  };
}
