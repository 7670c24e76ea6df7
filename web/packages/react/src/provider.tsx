import type { AuthState, Connection, Maru } from '@maru/client';
import { createContext, type ReactNode, useContext } from 'react';
import { useStore } from './store';

const MaruContext = createContext<Maru | null>(null);

export function MaruProvider({ maru, children }: { maru: Maru; children: ReactNode }) {
  return <MaruContext.Provider value={maru}>{children}</MaruContext.Provider>;
}

export function useMaru(): Maru {
  const maru = useContext(MaruContext);
  if (!maru) throw new Error('useMaru needs a MaruProvider above it');
  return maru;
}

export function useConnection(): Connection {
  return useStore(useMaru().connection);
}

export function useAuth(): AuthState {
  return useStore(useMaru().auth.state);
}
