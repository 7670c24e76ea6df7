import { type RefObject, useLayoutEffect, useRef } from 'react';

/** For a dialog that is modal while it is there: closing it gives the focus back to where it came from. */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return dialog;
}
