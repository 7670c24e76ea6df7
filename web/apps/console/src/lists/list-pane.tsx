import type { User } from '@maru/client';
import { useState } from 'react';
import { Link } from 'wouter';
import { useCategoryFilter } from '../chats-page';
import { countsByCategory, rowsOf, type View } from '../live/open-sessions';
import { OPEN_KEY, type OpenLists, queries, useCategories } from '../live/queries';
import { EmptyPlace, Snippet } from '../shell/empty';
import { useT } from '../texts';
import styles from './list-pane.module.css';
import { SessionRow } from './session-row';
import { useSteadyList } from './use-steady-list';

const VIEWS: readonly View[] = ['waiting', 'mine', 'all'];
const PAGE = 100;

interface Props {
  me: User;
  view: View;
  id: number | null;
  lists: OpenLists;
}

/** The queue, my chats or all of them: tabs with live counts, a category filter, and rows that keep still under the hand. */
export function ListPane({ me, view, id, lists }: Props) {
  const t = useT();
  const [category, setCategory] = useCategoryFilter();
  const { sessions, pending, failed } = lists;
  const search = category === null ? '' : `?category=${category}`;
  return (
    <div className={styles.pane}>
      <header className={styles.head}>
        <h1 className="visually-hidden">{t(`list.${view}`)}</h1>
        <nav className={styles.tabs} aria-label={t('views')}>
          {VIEWS.map(one => (
            <Link key={one} href={`/${one}${search}`} aria-current={one === view ? 'page' : undefined}>
              {t(`view.${one}`)}
              <span className={styles.count}>{rowsOf(sessions, one, me.memberId, category).length}</span>
            </Link>
          ))}
        </nav>
        <CategoryFilter view={view} me={me} lists={lists} value={category} onChange={setCategory} />
      </header>
      {pending ? (
        <p className={styles.note} role="status">
          {t('list.loading')}
        </p>
      ) : failed ? (
        <EmptyPlace title={t('list.failed')}>
          <button
            type="button"
            className="button"
            onClick={() => void queries.invalidateQueries({ queryKey: OPEN_KEY })}
          >
            {t('retry')}
          </button>
        </EmptyPlace>
      ) : (
        <Rows key={`${view}${category}`} me={me} view={view} id={id} category={category} lists={lists} />
      )}
    </div>
  );
}

interface FilterProps {
  me: User;
  view: View;
  lists: OpenLists;
  value: number | null;
  onChange: (category: number | null) => void;
}

function CategoryFilter({ me, view, lists, value, onChange }: FilterProps) {
  const t = useT();
  const categories = useCategories();
  const counts = countsByCategory(lists.sessions, view, me.memberId);
  return (
    <label className={styles.filter}>
      <span className="visually-hidden">{t('list.category')}</span>
      <select
        value={value ?? ''}
        onChange={event => onChange(event.target.value === '' ? null : Number(event.target.value))}
      >
        <option value="">{t('list.everyCategory')}</option>
        {categories.map(({ categoryId, name }) => (
          <option key={categoryId} value={categoryId}>
            {name} ({counts.get(categoryId) ?? 0})
          </option>
        ))}
      </select>
    </label>
  );
}

interface RowsProps {
  me: User;
  view: View;
  id: number | null;
  category: number | null;
  lists: OpenLists;
}

function Rows({ me, view, id, category, lists }: RowsProps) {
  const t = useT();
  const [most, setMost] = useState(PAGE);
  const live = rowsOf(lists.sessions, view, me.memberId, category);
  const { rows, waiting, release, bind } = useSteadyList(live, session => String(session.sessionId));
  const shown = rows.slice(0, most);
  if (rows.length === 0) {
    return <NoRows view={view} filtered={category !== null} first={lists.sessions.size === 0} />;
  }
  return (
    <div className={styles.scroll}>
      {waiting > 0 && (
        <button type="button" className={styles.pill} onClick={release}>
          {t('list.new', { count: waiting })}
        </button>
      )}
      <ol aria-label={t(`list.${view}`)} {...bind}>
        {shown.map(({ item, gone }, index) => (
          <SessionRow
            key={item.sessionId}
            me={me.memberId}
            session={item}
            now={lists.sessions.get(item.sessionId)}
            gone={gone}
            view={view}
            current={item.sessionId === id}
            tabStop={item.sessionId === id || (index === 0 && !shown.some(row => row.item.sessionId === id))}
            search={category === null ? '' : `?category=${category}`}
          />
        ))}
      </ol>
      {rows.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + PAGE)}>
          {t('list.more', { count: Math.min(PAGE, rows.length - most) })}
        </button>
      )}
    </div>
  );
}

function NoRows({ view, filtered, first }: { view: View; filtered: boolean; first: boolean }) {
  const t = useT();
  if (filtered) {
    return (
      <EmptyPlace title={t('empty.category')}>
        <Link className="button" href={`/${view}`}>
          {t('empty.categoryAction')}
        </Link>
      </EmptyPlace>
    );
  }
  if (view === 'mine') {
    return (
      <EmptyPlace title={t('empty.mine')} next={t('empty.mineNext')}>
        <Link className="button" href="/waiting">
          {t('empty.mineAction')}
        </Link>
      </EmptyPlace>
    );
  }
  return (
    <EmptyPlace title={t(`empty.${view}`)} next={t('empty.waitingNext')}>
      {first && (
        <div className={styles.first}>
          <p>{t('empty.firstNext')}</p>
          <Snippet />
        </div>
      )}
    </EmptyPlace>
  );
}
