import type { Conversation, ConversationState } from '@maru/client';
import { useEffect, useMemo } from 'react';
import { useMaru } from './provider';
import { useStore } from './store';

export interface ConversationOptions {
  /** Tell the other side that we are here. */
  announce?: boolean;
  /** Tell the server at once when this page closes. */
  leaveWithPage?: boolean;
}

/** Opens a conversation while the view is mounted. Needs a log-in. */
export function useConversation(
  sessionId: number,
  { announce = false, leaveWithPage = false }: ConversationOptions = {},
): [ConversationState, Conversation] {
  const maru = useMaru();
  const conversation = useMemo(() => maru.conversation(sessionId), [maru, sessionId]);
  useEffect(() => {
    conversation.open();
    if (announce) conversation.announce();
    const undo = leaveWithPage ? conversation.leaveWithPage() : undefined;
    return () => {
      undo?.();
      conversation.release();
    };
  }, [conversation, announce, leaveWithPage]);
  return [useStore(conversation), conversation];
}
