import type { Category, Desk, OpenSession, SupportSession } from '@maru/client';
import { ago, fullTime, locale } from '@maru/ui';
import parts from '@maru/ui/parts.module.css';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { chooseEnterSends, enterSends } from '../enter';
import { Icon } from '../icons';
import { useMaru } from '../provider';
import { StatusBadge } from '../status-badge';
import { systemText } from '../system-text';
import { useAttempt } from '../use-attempt';
import { DeskView } from './desk';
import { Refusal } from './refusal';
import css from './support-chat.module.css';
import { useT } from './texts';
import type { MySessions } from './use-my-sessions';

interface ChatHomeProps {
  desk: Desk | null;
  sessions: MySessions;
  onStart(what: OpenSession): Promise<void>;
  onOpen(sessionId: number): void;
  onClose?: () => void;
  foot?: ReactNode;
}

/** Where a conversation begins, and where past ones are found. */
export function ChatHome({ desk, sessions, onStart, onOpen, onClose, foot }: ChatHomeProps) {
  const t = useT();
  const maru = useMaru();
  const categories = useCategories();
  const { attempt, busy, error } = useAttempt();
  const email = useRef<HTMLInputElement>(null);
  const start = ({ categoryId }: Category) => {
    if (email.current?.reportValidity() === false) return;
    void attempt(() => onStart({ categoryId, email: email.current?.value || undefined }));
  };

  return (
    <div className={css.home}>
      <header className={css.hello}>
        <h1 tabIndex={-1}>{t('ask.title')}</h1>
        {onClose && (
          <button type="button" className={parts.plain} onClick={onClose} aria-label={t('close')}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {desk && <DeskView desk={desk} email={email} />}
      <ul className={css.cards} aria-label={t('ask.categories')} aria-busy={busy}>
        {categories.items.map(category => (
          <li key={category.categoryId}>
            <button type="button" disabled={busy} onClick={() => start(category)}>
              {category.name}
              <Icon name="chevron" />
            </button>
          </li>
        ))}
      </ul>
      <Refusal error={error || categories.error} />
      {categories.error && (
        <button type="button" className={parts.quiet} onClick={() => void categories.reload()}>
          {t('retry')}
        </button>
      )}
      {sessions.items.length > 0 && <Past sessions={sessions} onOpen={onOpen} />}
      {!maru.storageKept && <p className={css.note}>{t('storage')}</p>}
      <EnterChoice />
      {foot}
    </div>
  );
}

/** What Enter does in the message box. */
function EnterChoice() {
  const t = useT();
  return (
    <label className={css.note}>
      <input
        type="checkbox"
        defaultChecked={enterSends()}
        onInput={event => chooseEnterSends(event.currentTarget.checked)}
      />
      {t('composer.enter')}
    </label>
  );
}

function Past({ sessions, onOpen }: Pick<ChatHomeProps, 'sessions' | 'onOpen'>) {
  const t = useT();
  return (
    <section className={css.past}>
      <h2>{t('ask.past')}</h2>
      <ul>
        {sessions.items.map(session => (
          <li key={session.sessionId}>
            <button type="button" onClick={() => onOpen(session.sessionId)}>
              <span className={css.pastTop}>
                <b>{session.categoryName}</b>
                <StatusBadge status={session.status} />
                <time dateTime={session.udate} title={fullTime(session.udate)}>
                  {ago(session.udate)}
                </time>
              </span>
              <span className={css.pastText}>{lastWords(session)}</span>
            </button>
          </li>
        ))}
      </ul>
      {sessions.more && (
        <button type="button" className={parts.quiet} onClick={sessions.more}>
          {t('ask.more')}
        </button>
      )}
    </section>
  );
}

function lastWords({ lastMessage, title }: SupportSession): string {
  return lastMessage ? systemText(lastMessage.system ?? null, lastMessage.content ?? '') : (title ?? '');
}

/** Their names come in the language shown. */
function useCategories() {
  const { rest } = useMaru();
  const language = locale();
  const [items, setItems] = useState<Category[]>([]);
  const { attempt, error } = useAttempt();
  const reload = () => attempt(async () => setItems(await rest.categories()));
  // biome-ignore lint/correctness/useExhaustiveDependencies: again in another language
  useEffect(() => void reload(), [language]);
  return { items, error, reload };
}
