import type { Conversation } from '@maru/client';
import { fullTime } from '@maru/ui';
import { systemText } from '../system-text';
import { t } from './texts';

/** The whole conversation as a text file, made here from what the reader may read anyway. */
export async function downloadTranscript(conversation: Conversation): Promise<void> {
  while (conversation.get().hasOlder) await conversation.loadOlder();
  const { messages, sessionId } = conversation.get();
  const lines = messages.map(({ at, senderName, system, content }) => {
    const text = systemText(system, content);
    return `[${fullTime(at)}] ${senderName ? `${senderName}: ${text}` : text}`;
  });
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${t('transcript.name', { id: sessionId })}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
