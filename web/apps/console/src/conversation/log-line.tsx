import type { ChatMessage } from '@maru/client';
import { LinkedText, type Row, systemText } from '@maru/react';
import { dayName, fullTime } from '@maru/ui';
import type { ReactNode } from 'react';
import { TimeOfDay } from '../shell/time';
import { useT } from '../texts';
import styles from './log.module.css';

interface Props {
  row: Row;
  /** How far the customer has read. */
  readByCustomer: number;
  /** Marks where this text stands in messages. */
  sought?: string;
  /** The message a link pointed at. */
  pointed?: boolean;
  action?: ReactNode;
  onRetry?: (key: string) => void;
  onDiscard?: (key: string) => void;
}

export function DayLine({ at }: { at: string }) {
  useT();
  return (
    <p className={styles.day}>
      <time dateTime={at.slice(0, 10)}>{dayName(at)}</time>
    </p>
  );
}

export function NewLine() {
  const t = useT();
  return <p className={styles.new}>{t('conversation.newMessages')}</p>;
}

/** One message: what was said, by whom, when, and how far it got; or a line of the system. */
export function LogLine(props: Props) {
  useT();
  const { message } = props.row;
  if (message.senderType !== 'S') return <Bubble {...props} />;
  return (
    <p className={styles.system} title={fullTime(message.at)}>
      {systemText(message.system, message.content)}
    </p>
  );
}

function Bubble({ row, readByCustomer, sought, pointed, action, onRetry, onDiscard }: Props) {
  const { message, first, last } = row;
  const ours = message.senderType === 'A';
  const read = message.seq !== null && message.seq <= readByCustomer;
  return (
    <div className={styles.message} data-ours={ours || undefined} data-first={first || undefined}>
      {first && !message.own && <p className={styles.sender}>{message.senderName}</p>}
      <div className={styles.beside}>
        <p className={styles.bubble} data-state={message.state} data-pointed={pointed || undefined}>
          {sought ? <Marked text={message.content} sought={sought} /> : <LinkedText text={message.content} />}
        </p>
        {action}
      </div>
      {message.state === 'failed' ? (
        <Failure message={message} onRetry={onRetry} onDiscard={onDiscard} />
      ) : (
        (last || message.state === 'pending') && (
          <p className={styles.under}>
            <TimeOfDay at={message.at} />
            {ours && <Ticks state={message.state} read={read} />}
          </p>
        )
      )}
    </div>
  );
}

type FailureProps = Pick<Props, 'onRetry' | 'onDiscard'> & { message: ChatMessage };

function Failure({ message, onRetry, onDiscard }: FailureProps) {
  const t = useT();
  return (
    <p className={styles.failed}>
      {message.error?.error || t('conversation.notSent')}
      <button type="button" onClick={() => onRetry?.(message.key)}>
        {t('conversation.retry')}
      </button>
      <button type="button" onClick={() => onDiscard?.(message.key)}>
        {t('conversation.discard')}
      </button>
    </p>
  );
}

/** Text as it was typed, the sought words marked. Never HTML. */
function Marked({ text, sought }: { text: string; sought: string }) {
  const parts: ReactNode[] = [];
  const [where, what] = [text.toLowerCase(), sought.toLowerCase()];
  let from = 0;
  for (let at = where.indexOf(what); at >= 0; at = where.indexOf(what, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + what.length)}</mark>);
    from = at + what.length;
  }
  return [...parts, text.slice(from)];
}

/** One tick: stored. Two: read. A circle: on its way. */
function Ticks({ state, read }: { state: 'pending' | 'stored'; read: boolean }) {
  const t = useT();
  const word =
    state === 'pending' ? 'conversation.sending' : read ? 'conversation.read' : 'conversation.sent';
  return (
    <span className={styles.ticks} data-read={read || undefined} title={t(word)}>
      <svg
        width="18"
        height="12"
        viewBox="0 0 18 12"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        aria-hidden="true"
      >
        {state === 'pending' ? <circle cx="9" cy="6" r="4" /> : <path d="M2 6.500l3 3 6-7" />}
        {read && <path d="M8 8.500l1 1 6-7" />}
      </svg>
      <span className="visually-hidden">{t(word)}</span>
    </span>
  );
}
