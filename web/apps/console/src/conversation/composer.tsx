import type { Conversation, ConversationState, User } from '@maru/client';
import { listenForEnter } from '@maru/react';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { SendIcon } from '../shell/icons';
import { useT } from '../texts';
import styles from './composer.module.css';
import { renewDraft, useDraft, writeDraft } from './drafts';

const MOST = 2000;
const WARN_FROM = 1900;

interface Props {
  me: User;
  conversation: Conversation;
  state: ConversationState;
  customer: string;
}

/** Who else answered on our side since the draft began; null when nobody did. */
function answeredMeanwhile(
  state: ConversationState,
  since: number,
  sentHere: ReadonlySet<string>,
): string | null {
  const other = state.messages.find(
    message => message.senderType === 'A' && (message.seq ?? 0) > since && !sentHere.has(message.key),
  );
  return other === undefined ? null : (other.senderName ?? '');
}

/** Where the agent writes. Each conversation has its own draft, and a message goes to the one it was written in. */
export function Composer({ me, conversation, state, customer }: Props) {
  const t = useT();
  const hint = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const sentHere = useRef(new Set<string>());
  const { sessionId } = state;
  const draft = useDraft(me.memberId, sessionId);
  const text = draft?.text ?? '';
  const [asking, setAsking] = useState(false);
  const newest = state.messages.findLast(message => message.seq !== null)?.seq ?? 0;
  const other = draft === null ? null : answeredMeanwhile(state, draft.since, sentHere.current);
  const length = [...text.trim()].length;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the box grows with its text
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.blockSize = 'auto';
    area.style.blockSize = `${area.scrollHeight + 2}px`;
  }, [text]);

  useEffect(() => {
    if (window.matchMedia('(min-width: 768px)').matches) box.current?.focus();
  }, []);

  function write(next: string) {
    writeDraft(me.memberId, sessionId, next, newest);
    conversation.typing(next !== '');
    if (next === '') setAsking(false);
  }

  /** `typed` is read from the box itself: while a syllable composes, the state may be a letter behind. */
  function send(typed: string, anyway = false) {
    const content = typed.trim();
    if (content === '' || [...content].length > MOST) return;
    if (other !== null && !anyway) return setAsking(true);
    sentHere.current.add(conversation.send(content));
    setAsking(false);
    writeDraft(me.memberId, sessionId, '', newest);
    box.current?.focus();
  }

  const sendNow = useRef(send);
  useEffect(() => {
    sendNow.current = send;
  });
  useEffect(() => {
    const area = box.current;
    return area === null ? undefined : listenForEnter(area, () => sendNow.current(area.value));
  }, []);

  return (
    <form
      className={styles.composer}
      onSubmit={event => {
        event.preventDefault();
        send(box.current?.value ?? '');
      }}
    >
      {asking && other !== null && (
        <div className={styles.ask} role="alertdialog" aria-label={t('composer.meanwhile', { name: other })}>
          <p>{t('composer.meanwhile', { name: other })}</p>
          <button
            type="button"
            className="button small"
            onClick={() => {
              renewDraft(me.memberId, sessionId, newest);
              setAsking(false);
              box.current?.focus();
            }}
          >
            {t('composer.lookAgain')}
          </button>
          <button type="button" className="button small primary" onClick={() => send(text, true)}>
            {t('composer.sendAnyway')}
          </button>
        </div>
      )}
      <div className={styles.box}>
        <textarea
          ref={box}
          rows={1}
          value={text}
          placeholder={t('composer.placeholder')}
          aria-label={t('composer.label', { name: customer })}
          aria-describedby={hint}
          enterKeyHint="send"
          onChange={event => write(event.target.value)}
        />
        <button
          type="submit"
          className={styles.send}
          aria-label={t('composer.send')}
          disabled={length === 0 || length > MOST}
        >
          <SendIcon />
        </button>
      </div>
      <p id={hint} className={styles.hint}>
        {length > MOST ? (
          <strong role="alert">{t('composer.over', { count: length - MOST })}</strong>
        ) : length > WARN_FROM ? (
          t('composer.left', { count: MOST - length })
        ) : (
          t('composer.hint')
        )}
      </p>
    </form>
  );
}
