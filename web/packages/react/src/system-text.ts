import type { SystemNote } from '@maru/client';
import { hasText, type SharedKey, sharedT } from '@maru/ui';

/** A SYSTEM message in the reader's language; as stored where this page does not know its code. */
export function systemText(note: SystemNote | null, content: string): string {
  const key = `system.${note?.code}`;
  return note && hasText(key) ? sharedT(key as SharedKey, note.params) : content;
}
