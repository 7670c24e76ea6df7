import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useAgents, useCategories } from '../live/queries';
import { activeFilters, type Filters } from '../search-state';
import { useT } from '../texts';
import styles from './history-page.module.css';

const TYPING_MS = 300;
const SCORES = [5, 4, 3, 2, 1];
const STATES = ['WAITING', 'ACTIVE', 'DISCONNECTED', 'COMPLETED'] as const;
const NO_FILTERS: Filters = {
  q: '',
  customer: '',
  agent: '',
  category: '',
  status: '',
  rating: '',
  from: '',
  to: '',
};

export interface FilterProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

/** Narrows the history; whatever it says is in the address. */
export function FilterBar({ filters, onChange }: FilterProps) {
  const t = useT();
  const categories = useCategories();
  const agents = useAgents();
  const [open, setOpen] = useState(false);
  const count = activeFilters(filters).filter(name => name !== 'q').length;
  return (
    <search className={styles.filters} aria-label={t('history.filters')} data-open={open || undefined}>
      <Typed
        name={t('history.search')}
        hint={t('history.searchPlaceholder')}
        value={filters.q}
        onChange={q => onChange({ q })}
      />
      <button
        type="button"
        className={`button ${styles.more}`}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {t('history.filters')}
        {count > 0 && ` (${count})`}
      </button>
      <Typed
        name={t('history.customer')}
        hint={t('history.customerPlaceholder')}
        value={filters.customer}
        onChange={customer => onChange({ customer })}
      />
      <Choice name={t('history.agent')} value={filters.agent} onChange={agent => onChange({ agent })}>
        <option value="">{t('history.anyAgent')}</option>
        {agents.map(({ memberId, name }) => (
          <option key={memberId} value={memberId}>
            {name}
          </option>
        ))}
      </Choice>
      <Choice
        name={t('history.category')}
        value={filters.category}
        onChange={category => onChange({ category })}
      >
        <option value="">{t('list.everyCategory')}</option>
        {categories.map(({ categoryId, name }) => (
          <option key={categoryId} value={categoryId}>
            {name}
          </option>
        ))}
      </Choice>
      <Choice name={t('history.status')} value={filters.status} onChange={status => onChange({ status })}>
        <option value="">{t('history.anyStatus')}</option>
        {STATES.map(status => (
          <option key={status} value={status}>
            {t(`status.${status}`)}
          </option>
        ))}
      </Choice>
      <Choice
        name={t('history.column.rating')}
        value={filters.rating}
        onChange={rating => onChange({ rating })}
      >
        <option value="">{t('rating.any')}</option>
        {SCORES.map(score => (
          <option key={score} value={score}>
            {t('rating.option', { score })}
          </option>
        ))}
      </Choice>
      <label>
        <span>{t('history.from')}</span>
        <input
          type="date"
          value={filters.from}
          max={filters.to || undefined}
          onChange={event => onChange({ from: event.target.value })}
        />
      </label>
      <label>
        <span>{t('history.to')}</span>
        <input
          type="date"
          value={filters.to}
          min={filters.from || undefined}
          onChange={event => onChange({ to: event.target.value })}
        />
      </label>
      {activeFilters(filters).length > 0 && (
        <button type="button" className="button quiet" onClick={() => onChange(NO_FILTERS)}>
          {t('history.clear')}
        </button>
      )}
    </search>
  );
}

interface TypedProps {
  name: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}

/** A text filter: what is typed shows at once and searches when the typing pauses. */
function Typed({ name, hint, value, onChange }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const tell = useRef(onChange);
  useEffect(() => {
    tell.current = onChange;
  });
  useEffect(() => {
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  useEffect(() => {
    if (typed === told.current) return;
    const timer = setTimeout(() => {
      told.current = typed;
      tell.current(typed);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label>
      <span>{name}</span>
      <input
        type="search"
        value={typed}
        placeholder={hint}
        onChange={event => setTyped(event.target.value)}
      />
    </label>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

function Choice({ name, value, onChange, children }: ChoiceProps) {
  return (
    <label>
      <span>{name}</span>
      <select value={value} onChange={event => onChange(event.target.value)}>
        {children}
      </select>
    </label>
  );
}
