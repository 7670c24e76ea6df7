import { useEffect, useState } from 'react';

const EVENTS = ['focus', 'blur', 'visibilitychange'] as const;

function attentive(): boolean {
  return !document.hidden && document.hasFocus();
}

/** Somebody is looking at this page: it is visible and has the focus. */
export function useAttention(): boolean {
  const [value, setValue] = useState(attentive);
  useEffect(() => {
    const update = () => setValue(attentive());
    for (const name of EVENTS) addEventListener(name, update, true);
    return () => {
      for (const name of EVENTS) removeEventListener(name, update, true);
    };
  }, []);
  return value;
}
