import type { Maru, RoomLog, RoomState } from '@maru/client';
import { useEffect, useMemo } from 'react';
import { useMaru } from './provider';
import { useStore } from './store';

/**
 * Opens a room that one is a member of while the view is mounted: at the message `seq`, else at the latest. `onShown` is
 * called each time another message that was sought is there.
 */
export function useRoom(
  roomId: number,
  seq: number | null = null,
  onShown?: () => void,
): [RoomState, RoomLog] {
  const maru = useMaru<Maru>();
  const room = useMemo(() => maru.room(roomId), [maru, roomId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each message
  useEffect(() => {
    if (seq !== null) room.openAround(seq).then(onShown, () => {});
  }, [room, seq]);
  useEffect(() => {
    room.open();
    return () => room.release();
  }, [room]);
  return [useStore(room), room];
}
