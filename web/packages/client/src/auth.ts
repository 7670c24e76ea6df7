import { MaruError } from './error';
import type { Http } from './http';
import { type KeyValue, readJson, writeJson } from './storage';
import { type Cell, cell, type Store } from './store';
import type { Tabs } from './tabs';
import type { Tokens, User } from './wire';

/**
 * Who speaks: `token` keeps the tokens of a log-in in storage and renews them; `cookie` leaves them to the server's
 * HttpOnly cookie; `get` takes an access token from the embedding program, asked again when one is refused.
 */
export type Credentials = 'token' | 'cookie' | { get(): Promise<string | null>; user?: User };

export type AuthState = { status: 'anonymous' } | { status: 'signedIn'; user: User };

export interface Auth {
  state: Store<AuthState>;
  login(username: string, password: string): Promise<User>;
  guest(name?: string): Promise<User>;
  /** A new access token now. False when the log-in is over. */
  refresh(): Promise<boolean>;
  logout(): Promise<void>;
}

/** What the connection and the REST client need of it. */
export interface Bearer {
  /** An access token that still lives; null where a cookie speaks or nobody is logged in. */
  token(): Promise<string | null>;
  /** The token at hand, without waiting: for calls made while the page closes. */
  tokenNow(): string | null;
  /** After `refused` was refused: true when there is another one to try with. */
  renew(refused: string | null): Promise<boolean>;
}

interface Kept {
  accessToken: string;
  refreshToken: string;
  expiresAt: number;
  user: User;
}

const EARLY_MS = 30_000;

export interface AuthOptions {
  credentials: Credentials;
  namespace: string;
  http: Http;
  lasting: KeyValue;
  tabs: Tabs;
  now(): number;
}

export function createAuth(options: AuthOptions): Auth & Bearer {
  return options.credentials === 'token' ? new TokenAuth(options) : new OutsideAuth(options);
}

function anonymousOr(user: User | null | undefined): AuthState {
  return user ? { status: 'signedIn', user } : { status: 'anonymous' };
}

class TokenAuth implements Auth, Bearer {
  readonly state: Cell<AuthState>;
  readonly #key: string;
  readonly #options: AuthOptions;
  #renewing: Promise<boolean> | null = null;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#key = `maru:${options.namespace}:login`;
    this.state = cell(anonymousOr(this.#kept()?.user));
    globalThis.addEventListener?.('storage', event => {
      if (event.key === this.#key || event.key === null) this.#announce();
    });
  }

  login(username: string, password: string): Promise<User> {
    return this.#enter('/api/auth/login', { username, password });
  }

  guest(name?: string): Promise<User> {
    return this.#enter('/api/auth/guest', name ? { name } : {});
  }

  refresh(): Promise<boolean> {
    return this.renew(this.tokenNow());
  }

  async logout(): Promise<void> {
    const kept = this.#kept();
    this.#forget();
    if (!kept) return;
    const { http } = this.#options;
    await http('POST', '/api/auth/logout', {
      bearer: kept.accessToken,
      body: { refreshToken: kept.refreshToken },
    }).catch(() => {});
  }

  async token(): Promise<string | null> {
    const kept = this.#kept();
    if (kept && kept.expiresAt - EARLY_MS <= this.#options.now()) {
      await this.renew(kept.accessToken);
    }
    return this.tokenNow();
  }

  tokenNow(): string | null {
    return this.#kept()?.accessToken ?? null;
  }

  renew(refused: string | null): Promise<boolean> {
    this.#renewing ??= this.#options.tabs
      .exclusively(`${this.#key}-renew`, () => this.#renewAlone(refused))
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  /** Rotation gives each refresh token one use: whoever waited for another tab takes what that tab got. */
  async #renewAlone(refused: string | null): Promise<boolean> {
    const kept = this.#kept();
    if (!kept) return false;
    if (kept.accessToken !== refused) return true;
    try {
      const body = { refreshToken: kept.refreshToken };
      this.#keep(await this.#options.http<Tokens>('POST', '/api/auth/refresh', { body }));
      return true;
    } catch (error) {
      if (!(error instanceof MaruError) || (error.status !== 401 && error.status !== 403)) throw error;
      this.#forget();
      return false;
    }
  }

  async #enter(path: string, body: unknown): Promise<User> {
    const tokens = await this.#options.http<Tokens>('POST', path, { body });
    this.#keep(tokens);
    return tokens.user;
  }

  #kept(): Kept | null {
    return readJson<Kept>(this.#options.lasting, this.#key);
  }

  #keep({ accessToken, refreshToken, expiresIn, user }: Tokens): void {
    const expiresAt = this.#options.now() + expiresIn * 1000;
    writeJson(this.#options.lasting, this.#key, { accessToken, refreshToken, expiresAt, user });
    this.#announce();
  }

  #forget(): void {
    this.#options.lasting.removeItem(this.#key);
    this.#announce();
  }

  #announce(): void {
    const next = anonymousOr(this.#kept()?.user);
    const before = this.state.get();
    const same = JSON.stringify(next) === JSON.stringify(before);
    if (!same) this.state.set(next);
  }
}

/** The log-in lives elsewhere: in the server's cookie or in the embedding program. Only who it is is kept here. */
class OutsideAuth implements Auth, Bearer {
  readonly state: Cell<AuthState>;
  readonly #key: string;
  readonly #options: AuthOptions;
  #token: string | null = null;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#key = `maru:${options.namespace}:user`;
    const given = typeof options.credentials === 'object' ? options.credentials.user : undefined;
    this.state = cell(anonymousOr(given ?? readJson<User>(options.lasting, this.#key)));
  }

  async login(username: string, password: string): Promise<User> {
    const body = { username, password, cookie: true };
    const { user } = await this.#options.http<Tokens>('POST', '/api/auth/login', { body });
    writeJson(this.#options.lasting, this.#key, user);
    this.state.set(anonymousOr(user));
    return user;
  }

  async guest(): Promise<User> {
    throw new MaruError('unknown', 'guests need credentials: "token"', 0);
  }

  refresh(): Promise<boolean> {
    return this.renew(this.#token);
  }

  async logout(): Promise<void> {
    this.#forget();
    await this.#options.http('POST', '/api/auth/logout', { body: {} }).catch(() => {});
  }

  async token(): Promise<string | null> {
    const { credentials } = this.#options;
    if (typeof credentials === 'object') this.#token = await credentials.get();
    return this.#token;
  }

  tokenNow(): string | null {
    return this.#token;
  }

  async renew(refused: string | null): Promise<boolean> {
    if (typeof this.#options.credentials === 'object' && (await this.token()) !== refused) return true;
    this.#forget();
    return false;
  }

  #forget(): void {
    this.#options.lasting.removeItem(this.#key);
    this.state.set({ status: 'anonymous' });
  }
}
