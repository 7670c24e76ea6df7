/** Why a connection will not come back by itself. */
export type ClosedReason = 'expired' | 'revoked' | 'replaced' | 'stopped';
/** Why a connection was lost and is being tried again. */
export type LostCause = 'offline' | 'network' | 'restarting' | 'slow' | 'refused';

export type Connection =
  | { status: 'idle' }
  | { status: 'connecting'; attempt: number }
  | { status: 'live'; since: number; attempt: number }
  | { status: 'waiting'; attempt: number; retryAt: number; cause: LostCause }
  | { status: 'closed'; reason: ClosedReason };

export type ConnectionAction =
  | { type: 'start' }
  | { type: 'opened'; at: number }
  | { type: 'lost'; cause: LostCause; at: number; retryAt: number }
  | { type: 'retry' }
  | { type: 'ended'; reason: ClosedReason };

/** A connection that held this long starts counting attempts anew; one that dies young does not. */
const STEADY_MS = 5000;

/** Attempts that failed in a row, were the connection lost at `at`. */
export function failedAttempts(state: Connection, at: number): number {
  if (state.status === 'connecting') return state.attempt;
  if (state.status === 'live') return at - state.since < STEADY_MS ? state.attempt : 0;
  return state.status === 'waiting' ? state.attempt : 0;
}

/** The one place where the connection's state moves. An action that does not fit the state changes nothing. */
export function reduceConnection(state: Connection, action: ConnectionAction): Connection {
  switch (action.type) {
    case 'start':
      return state.status === 'idle' || state.status === 'closed'
        ? { status: 'connecting', attempt: 1 }
        : state;
    case 'opened':
      return state.status === 'connecting'
        ? { status: 'live', since: action.at, attempt: state.attempt }
        : state;
    case 'lost':
      if (state.status !== 'connecting' && state.status !== 'live') return state;
      return {
        status: 'waiting',
        attempt: failedAttempts(state, action.at),
        retryAt: action.retryAt,
        cause: action.cause,
      };
    case 'retry':
      return state.status === 'waiting' ? { status: 'connecting', attempt: state.attempt + 1 } : state;
    case 'ended':
      return state.status === 'idle' && action.reason === 'stopped'
        ? state
        : { status: 'closed', reason: action.reason };
  }
}

/** What a WebSocket close code asks of us. */
export type CloseMeaning =
  | { next: 'refreshLogin' }
  | { next: 'end'; reason: ClosedReason }
  | { next: 'comeBack'; cause: LostCause; soon: boolean };

export function closeMeaning(code: number): CloseMeaning {
  switch (code) {
    case 4401:
      return { next: 'refreshLogin' };
    case 4403:
      return { next: 'end', reason: 'revoked' };
    case 4409:
      return { next: 'end', reason: 'replaced' };
    case 4500:
      return { next: 'comeBack', cause: 'slow', soon: true };
    case 1012:
      return { next: 'comeBack', cause: 'restarting', soon: false };
    default:
      return { next: 'comeBack', cause: 'network', soon: false };
  }
}
