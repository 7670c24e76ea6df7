import { useMemo } from 'react';
import { useSearchParams } from 'wouter';

/** What the history list is narrowed to; the address bar is where it lives. */
export interface Filters {
  q: string;
  customer: string;
  agent: string;
  category: string;
  status: string;
  rating: string;
  from: string;
  to: string;
}

const NAMES = [
  'q',
  'customer',
  'agent',
  'category',
  'status',
  'rating',
  'from',
  'to',
] as const satisfies readonly (keyof Filters)[];

export function readFilters(params: URLSearchParams): Filters {
  const filters: Filters = {
    q: '',
    customer: '',
    agent: '',
    category: '',
    status: '',
    rating: '',
    from: '',
    to: '',
  };
  for (const name of NAMES) filters[name] = params.get(name) ?? '';
  return filters;
}

export function writeFilters(filters: Partial<Filters>): string {
  const params = new URLSearchParams();
  for (const name of NAMES) {
    const value = filters[name];
    if (value) params.set(name, value);
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

export function activeFilters(filters: Filters): (keyof Filters)[] {
  return NAMES.filter(name => filters[name] !== '');
}

export function useFilters(): [Filters, (change: Partial<Filters>) => void] {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => readFilters(params), [params]);
  const change = (some: Partial<Filters>) =>
    setParams(new URLSearchParams(writeFilters({ ...filters, ...some })), { replace: true });
  return [filters, change];
}
