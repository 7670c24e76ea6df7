import { cell, MaruError, type User } from '@maru/client';
import { useSyncExternalStore } from 'react';
import { maru } from './maru';

/** Whether somebody works here. `expired` keeps the page as it is, under a dialog. */
export type Auth =
  | { status: 'looking' }
  | { status: 'out'; notAgent: boolean }
  | { status: 'in'; user: User }
  | { status: 'expired'; user: User; revoked: boolean };

export const auth = cell<Auth>({ status: 'looking' });

export function useAuth(): Auth {
  return useSyncExternalStore(auth.subscribe, auth.get);
}

function isAgent(user: User): boolean {
  return user.roles.includes('AGENT') || user.roles.includes('ADMIN');
}

/** Looks whether the cookie of an earlier visit still lets this agent in. */
export async function lookForLogin(): Promise<void> {
  const known = maru.auth.state.get();
  if (known.status === 'anonymous') return auth.set({ status: 'out', notAgent: false });
  try {
    await maru.rest.admin.agents();
  } catch (error) {
    const refused = error instanceof MaruError && (error.status === 401 || error.status === 403);
    if (refused) return auth.set({ status: 'out', notAgent: error.status === 403 });
  }
  auth.set({ status: 'in', user: known.user });
}

/** Logs in with the cookie. The same agent after an expiry finds the page as it was. */
export async function logIn(username: string, password: string): Promise<void> {
  const user = await maru.auth.login(username, password);
  if (isAgent(user)) return auth.set({ status: 'in', user });
  await maru.auth.logout();
  auth.set({ status: 'out', notAgent: true });
}

/** Ends the log-in and begins the page anew, so that nothing of it stays in memory. */
export async function logOut(): Promise<void> {
  auth.set({ status: 'out', notAgent: false });
  maru.close();
  await maru.auth.logout().catch(() => undefined);
  location.reload();
}

function expire(revoked: boolean): void {
  const now = auth.get();
  if (now.status === 'in') auth.set({ status: 'expired', user: now.user, revoked });
}

/** Watches the client for the end of the log-in: a refused call or a connection closed for it. Returns its undo. */
export function watchLogin(): () => void {
  const undo = [
    maru.auth.state.subscribe(() => {
      if (maru.auth.state.get().status === 'anonymous') expire(false);
    }),
    maru.connection.subscribe(() => {
      const now = maru.connection.get();
      if (now.status !== 'closed') return;
      if (now.reason === 'expired' || now.reason === 'revoked') expire(now.reason === 'revoked');
    }),
  ];
  return () => {
    for (const one of undo) one();
  };
}
