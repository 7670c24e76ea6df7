import { type ChatMessage, lastSeq } from '@maru/client';
import { useEffect, useRef, useState } from 'react';
import { systemText } from './system-text';

/** Reads out each message that comes in while the list is open, once; what scrolling brings in stays silent. */
export function Announcer({ messages }: { messages: ChatMessage[] }) {
  const said = useRef<number | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    const last = lastSeq(messages);
    if (last === 0) return;
    const news = messages.filter(
      message => said.current !== null && !message.own && (message.seq ?? 0) > said.current,
    );
    said.current = last;
    if (news.length > 0) setText(news.map(spoken).join(' '));
  }, [messages]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {text}
    </div>
  );
}

function spoken(message: ChatMessage): string {
  const text = systemText(message.system, message.content);
  return message.senderName ? `${message.senderName}: ${text}` : text;
}
