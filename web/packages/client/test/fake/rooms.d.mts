import type { Room, User } from '../../src/index';
import type { FakeServer } from './server.mjs';

export function openRoom(
  server: FakeServer,
  roomId: number,
  users: User[],
  change?: Partial<Room>,
): ReturnType<FakeServer['room']>;
export function removeFrom(server: FakeServer, roomId: number, user: User): void;
