import type { Bearer } from './auth';
import { MaruError } from './error';
import type { Http, Request } from './http';
import type { Category, Desk, ExitReason, Message, OpenSession, Page, SupportSession } from './wire';

export type Paging = { limit?: number; before?: string };
type Call = Omit<Request, 'bearer'>;

/** REST as a customer uses it, typed. Refusals are `MaruError`s. A refused token is renewed once and the call repeated. */
export type CustomerRest = ReturnType<typeof createCustomerRest>;

export function createCustomerRest(http: Http, bearer: Bearer) {
  async function call<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, request: Call = {}) {
    const token = await bearer.token();
    try {
      return await http<Answer>(method, path, { ...request, bearer: token });
    } catch (error) {
      const over = error instanceof MaruError && error.code === 'unauthenticated';
      if (!over || !(await bearer.renew(token))) throw error;
      return await http<Answer>(method, path, { ...request, bearer: await bearer.token() });
    }
  }
  const get = <Answer>(path: string, query?: Call['query']) => call<Answer>('GET', path, { query });
  const post = <Answer>(path: string, body: unknown = {}) => call<Answer>('POST', path, { body });
  const session = (id: number) => `/api/chat/sessions/${id}`;

  return {
    /** Any other path, for what has no method of its own. */
    call,
    categories: () => get<{ items: Category[] }>('/api/chat/categories').then(answer => answer.items),
    /** Whether, when and how soon somebody answers; needs no log-in. */
    desk: () => get<Desk>('/api/chat/availability'),
    openSession: (body: OpenSession) => post<SupportSession>('/api/chat/sessions', body),
    /** The customer's own, newest first. */
    mySessions: (paging: Paging = {}) => get<Page<SupportSession>>('/api/chat/sessions', paging),
    session: (id: number) => get<SupportSession>(session(id)),
    /** Newest first. */
    messages: (id: number, paging: Paging = {}) => get<Page<Message>>(`${session(id)}/messages`, paging),
    cancel: (id: number) => post<SupportSession>(`${session(id)}/cancel`),
    end: (id: number, exitReason?: ExitReason) =>
      post<SupportSession>(`${session(id)}/end`, exitReason && { exitReason }),
    leave: (id: number, reason?: string) =>
      post<SupportSession>(`${session(id)}/leave`, reason && { reason }),
    return: (id: number) => post<SupportSession>(`${session(id)}/return`),
    read: (id: number, messageId?: number) =>
      post<SupportSession>(`${session(id)}/read`, messageId && { messageId }),
    /** Once it is over; may be changed for some days. */
    rate: (id: number, score: number, comment?: string) =>
      call<SupportSession>('PUT', `${session(id)}/rating`, { body: { score, comment } }),
    /** The whole conversation as text, in the language asked for. */
    transcript: (id: number) => get<string>(`${session(id)}/transcript`),
    mailTranscript: (id: number, email: string) => post<unknown>(`${session(id)}/transcript`, { email }),
    /** `leave` that is still sent while the page closes. */
    leaveNow(id: number): void {
      http('POST', `${session(id)}/leave`, {
        body: { reason: 'BROWSER_CLOSE' },
        bearer: bearer.tokenNow(),
        keepalive: true,
      }).catch(() => {});
    },
  };
}
