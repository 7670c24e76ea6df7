import { type Auth, type AuthOptions, type AuthState, anonymousOr, type Bearer } from './auth';
import { MaruError } from './error';
import { readJson, writeJson } from './storage';
import { type Cell, cell } from './store';
import type { Tokens, User } from './wire';

interface Kept {
  accessToken: string;
  refreshToken: string;
  expiresAt: number;
  user: User;
}

const EARLY_MS = 30_000;

/** The tokens of a log-in or a guest, kept in storage and renewed: one tab at a time. */
export class TokenAuth implements Auth, Bearer {
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
