import type { Conversation } from './conversation';
import type { CustomerMaru } from './core';

/**
 * Calls `leave` when the page closes, unless another tab shows the same conversation; tabs know of each other by a
 * broadcast channel. A reload is a leaving and a coming back: a page is not told which it is. Returns its undo.
 */
export function leaveWithPage(maru: CustomerMaru, conversation: Conversation): () => void {
  const { sessionId } = conversation.get();
  const me = Math.random().toString(36).slice(2);
  const others = new Set<string>();
  const channel =
    typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(`maru-here-${sessionId}`);
  const say = (word: 'hello' | 'here' | 'bye') => channel?.postMessage({ word, from: me });

  const onMessage = ({ data }: MessageEvent<{ word: string; from: string }>) => {
    if (data.word === 'bye') others.delete(data.from);
    else others.add(data.from);
    if (data.word === 'hello') say('here');
  };
  const onHide = () => {
    say('bye');
    if (others.size === 0 && running(conversation)) maru.rest.leaveNow(sessionId);
  };

  channel?.addEventListener('message', onMessage);
  addEventListener('pagehide', onHide);
  say('hello');
  return () => {
    say('bye');
    channel?.close();
    removeEventListener('pagehide', onHide);
  };
}

function running(conversation: Conversation): boolean {
  const status = conversation.get().session?.status;
  return status === 'ACTIVE' || status === 'DISCONNECTED';
}
