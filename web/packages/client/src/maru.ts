import { type AdminRest, createAdminRest } from './admin-rest';
import type { Credentials } from './auth';
import { assemble, type CoreOptions, type CustomerMaru } from './core';
import type { Link } from './link';
import { OutsideAuth } from './outside-auth';
import type { CustomerRest } from './rest';
import { LiveRoom, type RoomLog } from './room';
import { createRoomRest, type RoomRest } from './room-rest';
import { TokenAuth } from './token-auth';

export interface MaruOptions extends CoreOptions {
  credentials: Credentials;
}

/** Comes first after every (re)subscription: what happened before is unknown, fetch the list again. */
export type Resync = { type: 'RESYNC' };

/** Every REST call, typed. */
export type Rest = CustomerRest & { admin: AdminRest; rooms: RoomRest };

/** Everything: what customers need, and agents and members of rooms beside. */
export interface Maru extends CustomerMaru {
  rest: Rest;
  /** The same object for the same room while the same user is logged in. Needs a log-in, and to be its member. */
  room(roomId: number): RoomLog;
  /** Events of an overview destination. Returns its undo. `Event` is a promise of the caller, see wire.ts. */
  watch<Event = unknown>(destination: string, onEvent: (event: Event | Resync) => void): () => void;
}

interface Watch {
  listeners: Set<(event: never) => void>;
  open: boolean;
  undo: () => void;
}

export function createMaru(options: MaruOptions): Maru {
  const { credentials } = options;
  const { maru, link, openLog } = assemble(options, credentials === 'cookie', around =>
    credentials === 'token' ? new TokenAuth(around) : new OutsideAuth(credentials, around),
  );
  const watches = new Map<string, Watch>();
  return {
    ...maru,
    rest: { ...maru.rest, admin: createAdminRest(maru.rest), rooms: createRoomRest(maru.rest) },
    room: roomId => openLog(roomId, LiveRoom),
    watch(destination, onEvent) {
      const watch = watches.get(destination) ?? startWatch(link, destination);
      watches.set(destination, watch);
      watch.listeners.add(onEvent);
      if (watch.open) queueMicrotask(() => watch.listeners.has(onEvent) && onEvent({ type: 'RESYNC' }));
      return () => {
        watch.listeners.delete(onEvent);
        if (watch.listeners.size > 0) return;
        watch.undo();
        watches.delete(destination);
      };
    },
  };
}

/** For customers alone, by token: less to download. */
export function createCustomerMaru(options: CoreOptions): CustomerMaru {
  return assemble(options, false, around => new TokenAuth(around)).maru;
}

function startWatch(link: Link, destination: string): Watch {
  const watch: Watch = { listeners: new Set(), open: false, undo: () => {} };
  const tell = (event: unknown) => {
    for (const listener of [...watch.listeners]) listener(event as never);
  };
  const undoState = link.connection.subscribe(() => {
    if (link.connection.get().status !== 'live') watch.open = false;
  });
  const undoLink = link.subscribe({
    destination,
    onOpen() {
      watch.open = true;
      tell({ type: 'RESYNC' });
    },
    onEvent: tell,
  });
  watch.undo = () => {
    undoState();
    undoLink();
  };
  return watch;
}
