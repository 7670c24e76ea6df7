import type { User } from '@maru/client';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import styles from './chats-page.module.css';
import { ConversationPane } from './conversation/conversation-pane';
import { FactsPane } from './conversation/facts-pane';
import { ListPane } from './lists/list-pane';
import { type OpenSessions, rowsOf, type View } from './live/open-sessions';
import { useOpenSessions } from './live/queries';
import { EmptyPlace, Snippet } from './shell/empty';
import { PaneGrip, usePane } from './shell/panes';
import { useTitle } from './shell/title';
import { useT } from './texts';

interface Props {
  me: User;
  view: View;
  id: number | null;
}

/** The queue and my chats, the conversation, and who the customer is: three panes, one at a time on a phone. */
export function ChatsPage({ me, view, id }: Props) {
  const t = useT();
  const lists = useOpenSessions();
  const list = usePane('list', { least: 240, most: 480, first: 320 });
  const facts = usePane('facts', { least: 220, most: 420, first: 300 });
  const [factsOver, setFactsOver] = useState(false);
  useTitle(t(`list.${view}`));

  return (
    <div className={styles.panes} data-chosen={id !== null || undefined}>
      <section
        className={styles.list}
        style={{ inlineSize: list.shown ? `${list.width}px` : undefined }}
        data-hidden={!list.shown || undefined}
        aria-label={t('pane.list')}
      >
        <ListPane me={me} view={view} id={id} lists={lists} />
      </section>
      {list.shown && <PaneGrip pane={list} label={t('pane.resizeList')} side="start" />}
      <section className={styles.conversation} aria-label={t('pane.conversation')}>
        {id === null ? (
          <Unchosen me={me} sessions={lists.sessions} pending={lists.pending} />
        ) : (
          <ConversationPane
            key={id}
            me={me}
            id={id}
            view={view}
            list={list}
            facts={facts}
            onFactsOver={() => setFactsOver(true)}
          />
        )}
      </section>
      {id !== null && (
        <>
          {facts.shown && <PaneGrip pane={facts} label={t('pane.resizeFacts')} side="end" />}
          <section
            className={styles.facts}
            style={{ inlineSize: facts.shown ? `${facts.width}px` : undefined }}
            data-hidden={!facts.shown || undefined}
            data-over={factsOver || undefined}
            aria-label={t('pane.facts')}
          >
            <FactsPane key={id} id={id} onClose={() => setFactsOver(false)} />
          </section>
        </>
      )}
    </div>
  );
}

function Unchosen({ me, sessions, pending }: { me: User; sessions: OpenSessions; pending: boolean }) {
  const t = useT();
  if (pending) return null;
  if (sessions.size > 0 || rowsOf(sessions, 'mine', me.memberId, null).length > 0) {
    return <EmptyPlace title={t('empty.pick')} next={t('empty.pickNext')} />;
  }
  return (
    <EmptyPlace title={t('empty.first')} next={t('empty.firstNext')}>
      <Snippet />
    </EmptyPlace>
  );
}

/** The list's category filter lives in the address, so that a number on the dashboard can point at it. */
export function useCategoryFilter(): [number | null, (category: number | null) => void] {
  const [params] = useSearchParams();
  const [path, navigate] = useLocation();
  const raw = params.get('category');
  const category = raw !== null && /^\d+$/.test(raw) ? Number(raw) : null;
  return [category, next => navigate(next === null ? path : `${path}?category=${next}`, { replace: true })];
}
