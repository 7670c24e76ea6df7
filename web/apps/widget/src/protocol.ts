/** What the loader in the host page and the frame tell each other over their port. Nothing else crosses. */

/** Sent once with the port. */
export interface Greeting {
  maru: 'port';
  open: boolean;
  locale: string | null;
  theme: string | null;
  accent: string | null;
}

export type ToFrame = { open: boolean } | { theme: string } | { locale: string };
export type ToHost = { unread: number } | { close: true } | { started: true };
