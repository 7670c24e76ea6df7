import { maru } from '../maru';
import { t } from '../texts';

/** Hands a chat to the browser as a text file, in the reader's language. */
export async function downloadTranscript(sessionId: number): Promise<void> {
  const text = await maru.rest.transcript(sessionId);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  link.download = t('detail.transcriptName', { id: sessionId });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
