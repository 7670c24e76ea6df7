import type { Room } from '@maru/client';
import type { useT } from '../texts';

export function nameOf({ name, roomId }: Pick<Room, 'name' | 'roomId'>, t: ReturnType<typeof useT>): string {
  return name ?? t('rooms.unnamed', { id: roomId });
}

export function isFull({ maxParticipants, participantCount }: Room): boolean {
  return maxParticipants !== null && participantCount >= maxParticipants;
}
