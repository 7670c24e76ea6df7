import type { ChatMessage, Log } from '@maru/client';
import { clockTime, fullTime, useSharedT } from '@maru/ui';
import { Icon } from './icons';
import { LinkedText } from './linked-text';
import css from './message-list.module.css';
import type { Row } from './rows';

/** What somebody said; with the last of a group when, and of one's own how far it got: read up to `readSeq`. */
export function Bubble({ row, readSeq, conversation }: { row: Row; readSeq: number; conversation: Log }) {
  const t = useSharedT();
  const { message, first, last } = row;
  const sender = message.senderName ?? '';
  const side = message.own ? css.own : css.other;
  return (
    <div className={`${css.message} ${side} ${first ? css.first : ''}`}>
      {!message.own && first && (
        <p className={css.sender}>
          <span className={css.avatar} aria-hidden="true">
            {[...sender][0]}
          </span>
          {sender}
        </p>
      )}
      <div className={css.line}>
        <p className={`${css.bubble} ${last ? css.tail : ''}`} data-state={message.state}>
          {message.own && !first ? null : (
            <span className="visually-hidden">{message.own ? t('messages.me') : ''}</span>
          )}
          <LinkedText text={message.content} />
        </p>
        {(last || message.state !== 'stored') && <Meta message={message} readSeq={readSeq} />}
      </div>
      {message.state === 'failed' && <Failure message={message} conversation={conversation} />}
    </div>
  );
}

function Meta({ message, readSeq }: { message: ChatMessage; readSeq: number }) {
  const t = useSharedT();
  const stage =
    message.state === 'stored'
      ? message.seq !== null && message.seq <= readSeq
        ? 'read'
        : 'stored'
      : message.state;
  return (
    <span className={css.meta}>
      {message.own && (
        <span className={css.tick} data-stage={stage} title={t(`tick.${stage}`)}>
          <Icon name={stage} />
          <span className="visually-hidden">{t(`tick.${stage}`)}</span>
        </span>
      )}
      <time dateTime={message.at} title={fullTime(message.at)}>
        {clockTime(message.at)}
      </time>
    </span>
  );
}

function Failure({ message, conversation }: { message: ChatMessage; conversation: Log }) {
  const t = useSharedT();
  return (
    <p className={css.failure}>
      {message.error?.error || t('tick.failed')}
      <button type="button" onClick={() => conversation.retry(message.key)}>
        {t('retry')}
      </button>
      <button type="button" onClick={() => conversation.discard(message.key)}>
        {t('messages.discard')}
      </button>
    </p>
  );
}
