import { maru } from '../maru';

/** Hands a chat to the browser as a text file, in the reader's language. */
export async function downloadTranscript(sessionId: number): Promise<void> {
  const text = await maru.rest.transcript(sessionId);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = `chat-${sessionId}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
