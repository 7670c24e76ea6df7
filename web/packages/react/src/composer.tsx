import type { Log } from '@maru/client';
import { keep, kept, useSharedT } from '@maru/ui';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import css from './composer.module.css';
import { enterSends, listenForEnter } from './enter';
import { Icon } from './icons';

const LENGTH_MAX = 2000;
const LENGTH_SHOWN_FROM = 1800;
/** There is one message box on a page. */
const HINT = 'maru-length';

export interface ComposerProps {
  conversation: Log;
  /** Of the room; a session's number is one. */
  sessionId: number;
  /** Takes the focus when it appears. */
  autoFocus?: boolean;
  placeholder?: string;
}

/** The message box. What stands in it outlives a reload and a change of language. */
export function Composer({ conversation, sessionId, autoFocus = false, placeholder }: ComposerProps) {
  const t = useSharedT();
  const box = useRef<HTMLTextAreaElement>(null);
  const [length, setLength] = useState(0);
  const draftKey = `maru:draft:${sessionId}`;

  const changed = () => {
    const element = box.current;
    if (!element) return;
    fit(element);
    keep(draftKey, element.value);
    setLength([...element.value.trim()].length);
  };
  const send = () => {
    const element = box.current;
    const text = element?.value.trim();
    if (!element || !text || [...text].length > LENGTH_MAX) return;
    element.value = '';
    changed();
    conversation.send(text);
  };
  const sendNow = useRef(send);
  sendNow.current = send;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the draft is read when the conversation changes
  useLayoutEffect(() => {
    if (!box.current) return;
    box.current.value = kept(draftKey) ?? '';
    changed();
    if (autoFocus) box.current.focus();
  }, [draftKey]);
  useEffect(() => (box.current ? listenForEnter(box.current, () => sendNow.current()) : undefined), []);

  return (
    <form
      className={css.composer}
      onSubmit={event => {
        event.preventDefault();
        send();
        box.current?.focus();
      }}
    >
      <textarea
        ref={box}
        className={css.box}
        rows={1}
        aria-label={t('composer')}
        aria-describedby={length > LENGTH_SHOWN_FROM ? HINT : undefined}
        placeholder={placeholder ?? t('composer.placeholder')}
        enterKeyHint={enterSends() ? 'send' : 'enter'}
        onInput={() => {
          changed();
          conversation.typing(box.current?.value !== '');
        }}
      />
      {length > LENGTH_SHOWN_FROM && (
        <span id={HINT} className={css.count} data-over={length > LENGTH_MAX}>
          {length} / {LENGTH_MAX}
        </span>
      )}
      <button
        type="submit"
        className={css.send}
        disabled={length === 0 || length > LENGTH_MAX}
        aria-label={t('composer.send')}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}

/** As tall as its text, up to what the style allows. */
function fit(box: HTMLTextAreaElement): void {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight + 2}px`;
}
