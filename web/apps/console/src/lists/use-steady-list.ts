import { type FocusEvent, type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { type SteadyRow, steady } from './steady';

interface Bind {
  onPointerOver(event: PointerEvent): void;
  onPointerLeave(): void;
  onFocus(event: FocusEvent): void;
  onBlur(event: FocusEvent): void;
  onKeyDown(event: KeyboardEvent<HTMLElement>): void;
}

interface SteadyList<T> {
  rows: SteadyRow<T>[];
  waiting: number;
  release(): void;
  bind: Bind;
}

function rowOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
}

/** Moves the focus among the rows: the list is one stop of the Tab key. */
function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 }[event.key];
  const row = rowOf(event.target);
  if (step === undefined || row === null) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-row]')];
  const to = all[Math.min(all.length - 1, Math.max(0, all.indexOf(row) + step))];
  event.preventDefault();
  (to?.querySelector<HTMLElement>('a') ?? to)?.focus();
}

/** `items` as rows, none of which moves while the pointer or the focus is on it. */
export function useSteadyList<T>(items: readonly T[], keyOf: (item: T) => string): SteadyList<T> {
  const [pointed, setPointed] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const shown = useRef<SteadyRow<T>[]>([]);
  const { rows, waiting } = steady(shown.current, items, pointed ?? focused, keyOf);
  shown.current = rows;
  return {
    rows,
    waiting,
    release: () => {
      setPointed(null);
      setFocused(null);
    },
    bind: {
      onPointerOver: event => {
        if (event.pointerType !== 'touch') setPointed(rowOf(event.target)?.dataset.row ?? null);
      },
      onPointerLeave: () => setPointed(null),
      onFocus: event => setFocused(rowOf(event.target)?.dataset.row ?? null),
      onBlur: event => {
        if (!event.currentTarget.contains(event.relatedTarget)) setFocused(null);
      },
      onKeyDown: moveFocus,
    },
  };
}
