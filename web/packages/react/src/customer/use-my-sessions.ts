import type { SupportSession } from '@maru/client';
import { useCallback, useEffect, useState } from 'react';
import { useAuth, useMaru } from '../provider';

export interface MySessions {
  items: SupportSession[];
  loading: boolean;
  more: (() => void) | null;
  reload(): void;
  put(session: SupportSession): void;
}

const PAGE = 20;

/** The customer's own sessions, newest first. */
export function useMySessions(): MySessions {
  const { rest } = useMaru();
  const auth = useAuth();
  const user = auth.status === 'signedIn' ? auth.user.memberId : null;
  const [state, setState] = useState<{ items: SupportSession[]; cursor: string | null; loading: boolean }>({
    items: [],
    cursor: null,
    loading: user !== null,
  });

  const load = useCallback(
    async (before: string | null, kept: SupportSession[]) => {
      try {
        const page = await rest.mySessions({ limit: PAGE, before: before ?? undefined });
        setState({ items: [...kept, ...page.items], cursor: page.nextCursor, loading: false });
      } catch {
        setState(state => ({ ...state, loading: false }));
      }
    },
    [rest],
  );
  const reload = useCallback(() => {
    if (user === null) setState({ items: [], cursor: null, loading: false });
    else void load(null, []);
  }, [load, user]);

  useEffect(reload, [reload]);
  return {
    items: state.items,
    loading: state.loading,
    more: state.cursor === null ? null : () => void load(state.cursor, state.items),
    reload,
    put: session => setState(({ items, ...rest }) => ({ ...rest, items: [session, ...items] })),
  };
}
