import { maru } from '../maru';

/** How long something took, in seconds; null where nothing was measured. */
export interface Spread {
  average: number | null;
  median: number | null;
  p90: number | null;
}

export interface Share {
  id: number;
  name: string;
  count: number;
}

/** The figures of a period. */
export interface Figures {
  opened: number;
  completed: number;
  messages: number;
  wait: Spread;
  firstResponse: Spread;
  handling: Spread;
  categories: Share[];
  agents: Share[];
}

export async function fetchFigures({ from }: { from: string }): Promise<Figures> {
  return (await maru.rest.admin.stats({ from })) as unknown as Figures;
}
