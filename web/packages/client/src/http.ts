import type { Locale } from './core';
import { MaruError } from './error';

export interface HttpOptions {
  baseUrl: string;
  locale(): Locale;
  /** Whether the browser's cookies go along. */
  cookies: boolean;
  fetch: typeof fetch;
}

export interface Request {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  bearer?: string | null;
  /** Outlives the page that made it. */
  keepalive?: boolean;
}

export type Http = <Answer>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  request?: Request,
) => Promise<Answer>;

export function createHttp({ baseUrl, locale, cookies, fetch }: HttpOptions): Http {
  return async (method, path, { query, body, bearer, keepalive } = {}) => {
    const headers: Record<string, string> = { accept: 'application/json', 'accept-language': locale() };
    if (bearer) headers.authorization = `Bearer ${bearer}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(baseUrl + path + queryString(query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: cookies ? 'include' : 'omit',
      cache: 'no-store',
      keepalive,
    }).catch(() => {
      throw new MaruError('network', '', 0);
    });
    if (!response.ok) throw await refusalOf(response);
    const plain = response.headers.get('content-type')?.startsWith('text/plain');
    return plain ? await response.text() : await response.json().catch(() => undefined);
  };
}

function queryString(query: Request['query'] = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text && `?${text}`;
}

interface Problem {
  code?: string;
  error?: string;
}

async function refusalOf(response: Response): Promise<MaruError> {
  const problem: Problem = await response.json().catch(() => ({}));
  const code = problem.code ?? (response.status === 401 ? 'unauthenticated' : 'unknown');
  const seconds = Number(response.headers.get('retry-after'));
  return new MaruError(code, problem.error ?? '', response.status, seconds > 0 ? seconds * 1000 : undefined);
}
