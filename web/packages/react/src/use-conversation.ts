import type { Conversation, ConversationState, CustomerMaru } from '@maru/client';
import { useEffect, useMemo } from 'react';
import { useMaru } from './provider';
import { useStore } from './store';

export interface ConversationOptions {
  /** Tell the other side that we are here. */
  announce?: boolean;
  /** For as long as it is open, such as `leaveWithPage`. Returns its undo. */
  while?: (maru: CustomerMaru, conversation: Conversation) => () => void;
}

/** Opens a conversation while the view is mounted. Needs a log-in. */
export function useConversation(
  sessionId: number,
  { announce = false, while: begin }: ConversationOptions = {},
): [ConversationState, Conversation] {
  const maru = useMaru();
  const conversation = useMemo(() => maru.conversation(sessionId), [maru, sessionId]);
  useEffect(() => {
    conversation.open();
    if (announce) conversation.announce();
    const undo = begin?.(maru, conversation);
    return () => {
      undo?.();
      conversation.release();
    };
  }, [maru, conversation, announce, begin]);
  return [useStore(conversation), conversation];
}
