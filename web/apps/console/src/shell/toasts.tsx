import { useSyncExternalStore } from 'react';
import { useT } from '../texts';
import styles from './toasts.module.css';

export interface Toast {
  id: number;
  text: string;
  tone: 'plain' | 'warn' | 'danger';
  action?: { label: string; run: () => void };
}

const LIFE_MS = 8000;
const MOST = 4;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function put(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

export function dismiss(id: number): void {
  put(toasts.filter(toast => toast.id !== id));
}

/** Says something once, aloud too; it goes by itself. */
export function toast(text: string, tone: Toast['tone'] = 'plain', action?: Toast['action']): void {
  const id = nextId++;
  put(
    [...toasts.filter(known => known.text !== text), { id, text, tone, ...(action && { action }) }].slice(
      -MOST,
    ),
  );
  setTimeout(() => dismiss(id), LIFE_MS);
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  return () => listeners.delete(run);
}

export function Toasts() {
  const t = useT();
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <section className={styles.stack} aria-label={t('toasts')} aria-live="polite" aria-relevant="additions">
      {shown.map(({ id, text, tone, action }) => (
        <div key={id} className={styles.toast} data-tone={tone}>
          <p>{text}</p>
          {action && (
            <button
              type="button"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" className={styles.close} aria-label={t('close')} onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </section>
  );
}
