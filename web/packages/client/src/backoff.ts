const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Milliseconds before attempt number `attempt` (from 1): exponential, capped, and spread over the upper half so that
 * a thousand pages that lost one server do not come back at one moment.
 */
export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.5 + 0.5 * random()));
}
