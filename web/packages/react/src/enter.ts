/** What Enter in the message box does, by the browser's own account of the composition (W7). */
import { keep, kept } from '@maru/ui';

const HANGUL = /[\u1100-\u11FF\u3130-\u318F\uAC00-\uD7A3]$/;
const KEY = 'maru:enter-sends';

/** The reader's own choice; else phones break the line, where the button is at hand, and keyboards send. */
export function enterSends(): boolean {
  const choice = kept(KEY);
  return choice ? choice === 'yes' : !matchMedia('(pointer: coarse)').matches;
}

export function chooseEnterSends(value: boolean): void {
  keep(KEY, value ? 'yes' : 'no');
}

/**
 * Calls `send` once for one Enter. A Korean syllable is still being composed at that moment; the Enter that ends it
 * is the Enter that sends, so we wait for the browser to put the syllable in. In Japanese and Chinese the Enter that
 * ends a composition chooses a candidate and does not send. Returns its undo.
 */
export function listenForEnter(box: HTMLTextAreaElement, send: () => void): () => void {
  let composed = '';
  let endedAt = Number.NEGATIVE_INFINITY;
  let sendAtEnd = false;

  const isEnter = (event: KeyboardEvent) =>
    (event.key === 'Enter' || event.code === 'Enter' || event.code === 'NumpadEnter') &&
    !event.shiftKey &&
    !event.ctrlKey &&
    !event.altKey &&
    !event.metaKey;

  const sendSoon = () => {
    sendAtEnd = true;
    setTimeout(() => {
      if (sendAtEnd) sendNow();
    }, 0);
  };
  const sendNow = () => {
    sendAtEnd = false;
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isEnter(event) || !enterSends()) return;
    if (event.isComposing) {
      sendAtEnd = HANGUL.test(composed);
      return;
    }
    const endsComposition = event.keyCode === 229 || event.timeStamp - endedAt < 20;
    if (endsComposition && !HANGUL.test(composed)) return;
    event.preventDefault();
    sendNow();
  };
  const onUpdate = (event: CompositionEvent) => {
    composed = event.data || composed;
  };
  const onEnd = (event: CompositionEvent) => {
    onUpdate(event);
    endedAt = event.timeStamp;
    if (sendAtEnd) sendSoon();
  };
  /** Some keyboards break the line with the Enter that ended the syllable. */
  const onBeforeInput = (event: InputEvent) => {
    if (sendAtEnd && /^insert(LineBreak|Paragraph)$/.test(event.inputType)) event.preventDefault();
  };
  const onStart = () => {
    composed = '';
    sendAtEnd = false;
  };

  const ears = new AbortController();
  const listen: typeof box.addEventListener = (name: string, hear: EventListenerOrEventListenerObject) =>
    box.addEventListener(name, hear, { signal: ears.signal });
  listen('keydown', onKeyDown);
  listen('compositionstart', onStart);
  listen('compositionupdate', onUpdate);
  listen('compositionend', onEnd);
  listen('beforeinput', onBeforeInput);
  return () => ears.abort();
}
