import type { Http } from './http';
import type { KeyValue } from './storage';
import type { Store } from './store';
import type { Tabs } from './tabs';
import type { User } from './wire';

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

export interface AuthOptions {
  namespace: string;
  http: Http;
  lasting: KeyValue;
  tabs: Tabs;
  now(): number;
}

export function anonymousOr(user: User | null | undefined): AuthState {
  return user ? { status: 'signedIn', user } : { status: 'anonymous' };
}
