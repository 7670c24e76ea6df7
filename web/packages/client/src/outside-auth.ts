import {
  type Auth,
  type AuthOptions,
  type AuthState,
  anonymousOr,
  type Bearer,
  type Credentials,
} from './auth';
import { MaruError } from './error';
import { readJson, writeJson } from './storage';
import { type Cell, cell } from './store';
import type { Tokens, User } from './wire';

/** The log-in lives elsewhere: in the server's cookie or in the embedding program. Only who it is is kept here. */
export class OutsideAuth implements Auth, Bearer {
  readonly state: Cell<AuthState>;
  readonly #key: string;
  readonly #options: AuthOptions;
  readonly #credentials: Exclude<Credentials, 'token'>;
  #token: string | null = null;

  constructor(credentials: Exclude<Credentials, 'token'>, options: AuthOptions) {
    this.#credentials = credentials;
    this.#options = options;
    this.#key = `maru:${options.namespace}:user`;
    const given = typeof credentials === 'object' ? credentials.user : undefined;
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
    const credentials = this.#credentials;
    if (typeof credentials === 'object') this.#token = await credentials.get();
    return this.#token;
  }

  tokenNow(): string | null {
    return this.#token;
  }

  async renew(refused: string | null): Promise<boolean> {
    if (typeof this.#credentials === 'object' && (await this.token()) !== refused) return true;
    this.#forget();
    return false;
  }

  #forget(): void {
    this.#options.lasting.removeItem(this.#key);
    this.state.set({ status: 'anonymous' });
  }
}
