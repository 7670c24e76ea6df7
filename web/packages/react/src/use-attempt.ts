import { asMaruError } from '@maru/client';
import { useSharedT } from '@maru/ui';
import { useState } from 'react';

/** For what may be refused: `error` is why, in the reader's words, until the next attempt. */
export function useAttempt() {
  const t = useSharedT();
  const [{ busy, error }, setState] = useState({ busy: false, error: '' });
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    setState({ busy: true, error: '' });
    const refusal = await work().then(
      () => '',
      cause => asMaruError(cause).error || t('error.network'),
    );
    setState({ busy: false, error: refusal });
  };
  return { attempt, busy, error };
}
