/** What this browser keeps for the reader's next visit; null where it keeps nothing. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a choice or a draft; an empty one is forgotten. Where storage is blocked or full it lasts for this visit. */
export function keep(key: string, value: string): void {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // The visit goes on without it.
  }
}
