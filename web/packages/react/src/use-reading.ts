import { type ChatMessage, type Log, type LogState, lastSeq } from '@maru/client';
import { useEffect, useRef } from 'react';

/** How many messages of others came while the reader was further up. */
export function useFresh(messages: ChatMessage[], atBottom: boolean): number {
  const last = lastSeq(messages);
  const seen = useRef(last);
  if (atBottom) seen.current = last;
  return messages.filter(message => !message.own && (message.seq ?? 0) > seen.current).length;
}

/** What is at the bottom while somebody is `reading` there counts as read. */
export function useReading({ messages, level }: LogState, conversation: Log, reading: boolean): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: new messages are what is read
  useEffect(() => {
    if (reading && level) conversation.markRead();
  }, [reading, level, messages, conversation]);
}

/** One's own new message is always shown. */
export function useJumpOnSend(messages: ChatMessage[], toBottom: () => void): void {
  const last = messages.at(-1);
  const key = last?.state === 'pending' ? last.key : '';
  const before = useRef(key);
  useEffect(() => {
    if (key && key !== before.current) toBottom();
    before.current = key;
  });
}
