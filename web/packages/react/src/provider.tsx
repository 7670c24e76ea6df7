import type { AuthState, Connection, CustomerMaru } from '@maru/client';
import { createContext, type ReactNode, useContext } from 'react';
import { useStore } from './store';

const MaruContext = createContext<CustomerMaru | null>(null);

export function MaruProvider({ maru, children }: { maru: CustomerMaru; children: ReactNode }) {
  return <MaruContext.Provider value={maru}>{children}</MaruContext.Provider>;
}

/** As given to the provider; agents' pages name the fuller type: `useMaru<Maru>()`. */
export function useMaru<Given extends CustomerMaru = CustomerMaru>(): Given {
  const maru = useContext(MaruContext);
  if (!maru) throw new Error('no MaruProvider above');
  return maru as Given;
}

export function useConnection(): Connection {
  return useStore(useMaru().connection);
}

export function useAuth(): AuthState {
  return useStore(useMaru().auth.state);
}
