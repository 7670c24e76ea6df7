/** What the loader in the host page and the frame tell each other over their port. Nothing else crosses. */

/** Sent once with the port. */
export interface Greeting {
  maru: 'port';
  open: boolean;
  locale: string | null;
  theme: string | null;
  accent: string | null;
  /** What the frame gave to keep, see `ToHost`. */
  kept: string | null;
}

export type ToFrame = { open: boolean } | { theme: string } | { locale: string };
/**
 * `keep`: where the browser lets a frame of another site store nothing, the loader keeps what brings the visitor back on
 * the site's next page: a refresh token, good once, in the tab's own storage.
 */
export type ToHost = { unread: number } | { close: true } | { started: true } | { keep: string };
