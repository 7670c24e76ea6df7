import type { SupportSession } from '@maru/client';
import { useEffect, useState } from 'react';
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

  const load = async (before: string | null, kept: SupportSession[]) => {
    const page =
      user === null
        ? { items: [], nextCursor: null }
        : await rest.mySessions({ limit: PAGE, before: before ?? undefined }).catch(() => null);
    setState(state =>
      page
        ? { items: [...kept, ...page.items], cursor: page.nextCursor, loading: false }
        : { ...state, loading: false },
    );
  };
  const reload = () => void load(null, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each user
  useEffect(reload, [user]);
  return {
    items: state.items,
    loading: state.loading,
    more: state.cursor === null ? null : () => void load(state.cursor, state.items),
    reload,
    put: session => setState(({ items, ...rest }) => ({ ...rest, items: [session, ...items] })),
  };
}
