import type { CustomerRest, Paging } from './rest';
import type { Message, Page, ParticipantPage, Room } from './wire';

/** REST as members of plain rooms use it. A room is named by its number or key. */
export type RoomRest = ReturnType<typeof createRoomRest>;

export function createRoomRest({ call }: Pick<CustomerRest, 'call'>) {
  const at = (room: number | string) => `/api/chat/rooms/${room}`;
  const get = <Answer>(path: string, query?: Record<string, string | number | undefined>) =>
    call<Answer>('GET', path, { query });
  const post = (path: string, body: unknown = {}) => call<Room>('POST', path, { body });

  return {
    /** One's own and open ones, the newest first; services and admins see all. */
    list: (paging: Paging = {}) => get<Page<Room>>('/api/chat/rooms', paging),
    room: (room: number | string) => get<Room>(at(room)),
    /** Newest first. `before` may be any seq: what comes are the messages below it. */
    messages: (room: number | string, paging: Paging = {}) =>
      get<Page<Message>>(`${at(room)}/messages`, paging),
    /** What people told everybody to notice, newest first. */
    notices: (room: number | string, paging: Paging = {}) =>
      get<Page<Message>>(`${at(room)}/notices`, paging),
    /** By name. */
    participants: (room: number | string, paging: Paging = {}) =>
      get<ParticipantPage>(`${at(room)}/participants`, paging),
    join: (room: number | string) => post(`${at(room)}/join`),
    /** For good. */
    leave: (room: number | string) => post(`${at(room)}/leave`),
    close: (room: number | string) => post(`${at(room)}/close`),
    notify: (room: number | string, content: string) => post(`${at(room)}/notices`, { content }),
    addMembers: (room: number | string, userCodes: string[]) => post(`${at(room)}/members`, { userCodes }),
  };
}
