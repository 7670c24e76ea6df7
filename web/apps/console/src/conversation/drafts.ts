import { useSyncExternalStore } from 'react';

export interface Draft {
  text: string;
  /** The last message that was there when the first letter was typed. */
  since: number;
}

const PREFIX = 'maru.console.draft.';
const listeners = new Set<() => void>();
const known = new Map<string, Draft | null>();

function read(key: string): Draft | null {
  const held = known.get(key);
  if (held !== undefined) return held;
  let draft: Draft | null = null;
  try {
    const raw = localStorage.getItem(PREFIX + key);
    const value: unknown = raw === null ? null : JSON.parse(raw);
    if (typeof value === 'object' && value !== null && 'text' in value && 'since' in value) {
      if (typeof value.text === 'string' && typeof value.since === 'number')
        draft = { text: value.text, since: value.since };
    }
  } catch {
    draft = null;
  }
  known.set(key, draft);
  return draft;
}

/** Keeps what is typed for one conversation by one agent; it survives switching, reloading and a crash. */
export function writeDraft(agent: number, sessionId: number, text: string, lastSeq: number): void {
  const key = `${agent}.${sessionId}`;
  const before = read(key);
  const draft = text === '' ? null : { text, since: before?.since ?? lastSeq };
  known.set(key, draft);
  try {
    if (draft === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(draft));
  } catch {
    // Storage is full or blocked: the draft still lives as long as the page.
  }
  for (const tell of listeners) tell();
}

/** The agent has seen what came meanwhile: the draft counts from here. */
export function renewDraft(agent: number, sessionId: number, lastSeq: number): void {
  const draft = read(`${agent}.${sessionId}`);
  if (draft === null) return;
  writeDraft(agent, sessionId, '', lastSeq);
  writeDraft(agent, sessionId, draft.text, lastSeq);
}

function subscribe(run: () => void): () => void {
  listeners.add(run);
  const elsewhere = (event: StorageEvent) => {
    if (event.key === null || !event.key.startsWith(PREFIX)) return;
    known.delete(event.key.slice(PREFIX.length));
    run();
  };
  window.addEventListener('storage', elsewhere);
  return () => {
    listeners.delete(run);
    window.removeEventListener('storage', elsewhere);
  };
}

export function useDraft(agent: number, sessionId: number): Draft | null {
  return useSyncExternalStore(subscribe, () => read(`${agent}.${sessionId}`));
}
