import { type Cell, cell } from '@maru/client';
import { useStore } from '@maru/react';
import { type MouseEvent, useEffect, useRef } from 'react';

export interface Route {
  /** A room's number or key; null: the list. */
  room: string | null;
  /** The message that a link leads to, by its seq. */
  seq: number | null;
}

function read(): Route {
  const [, , path] = location.pathname.split('/');
  const seq = Number(new URLSearchParams(location.search).get('m'));
  return {
    room: path ? decoded(path) : null,
    seq: Number.isSafeInteger(seq) && seq > 0 ? seq : null,
  };
}

/** Whatever somebody typed into the address. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const route: Cell<Route> = cell(read());
/** Somebody went from one view to another: the next heading takes the focus. */
let moved = false;

addEventListener('popstate', () => show(read()));

function show(next: Route): void {
  const { room, seq } = route.get();
  if (next.room !== room) moved = true;
  if (next.room !== room || next.seq !== seq) route.set(next);
}

export function useRoute(): Route {
  return useStore(route);
}

export function pathOf(room: number | string, seq?: number): string {
  return `/rooms/${encodeURIComponent(room)}${seq === undefined ? '' : `?m=${seq}`}`;
}

/** Goes to a path of this page; `replace` leaves no step to come back to. */
export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  show(read());
}

/** What a link to a path of this page needs; with a modifier key the browser does as it always does. */
export function linkTo(path: string) {
  return {
    href: path,
    onClick(event: MouseEvent) {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      go(path);
    },
  };
}

/** For the heading of a view: it takes the focus when somebody came from another view. */
export function useHeading() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!moved) return;
    moved = false;
    heading.current?.focus();
  }, []);
  return heading;
}
