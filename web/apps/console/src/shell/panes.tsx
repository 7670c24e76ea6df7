import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import styles from './panes.module.css';

interface Limits {
  least: number;
  most: number;
  first: number;
}

export interface Pane extends Limits {
  width: number;
  shown: boolean;
  resize(width: number): void;
  toggle(): void;
}

function kept(key: string): { width?: number; shown?: boolean } {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** A pane's width and whether it is shown, as this browser left it. */
export function usePane(name: string, limits: Limits): Pane {
  const key = `maru.console.pane.${name}`;
  const [state, setState] = useState(() => ({ width: limits.first, shown: true, ...kept(key) }));
  const put = (next: typeof state) => {
    setState(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Storage is blocked: the width lasts for this visit.
    }
  };
  return {
    ...limits,
    ...state,
    resize: width =>
      put({ ...state, width: Math.round(Math.min(limits.most, Math.max(limits.least, width))) }),
    toggle: () => put({ ...state, shown: !state.shown }),
  };
}

const STEP = 16;

/** The line between two panes: drag it, or move it with the arrow keys. `side` is where its pane lies. */
export function PaneGrip({ pane, label, side }: { pane: Pane; label: string; side: 'start' | 'end' }) {
  const sign = side === 'start' ? 1 : -1;

  function drag(event: PointerEvent<HTMLDivElement>) {
    const from = event.clientX;
    const { width } = pane;
    const grip = event.currentTarget;
    grip.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent) => pane.resize(width + sign * (moved.clientX - from));
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), {
      once: true,
    });
  }

  function press(event: KeyboardEvent) {
    const change = { ArrowLeft: -STEP * sign, ArrowRight: STEP * sign, Home: -1e4, End: 1e4 }[event.key];
    if (change === undefined) return;
    event.preventDefault();
    pane.resize(pane.width + change);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is a widget, <hr> is not
    <div
      className={styles.grip}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuemin={pane.least}
      aria-valuemax={pane.most}
      aria-valuenow={pane.width}
      onPointerDown={drag}
      onKeyDown={press}
    />
  );
}
