/** A refusal or a failure, with the code of the server's problem+json, or `network` / `unknown` of our own. */
export class MaruError extends Error {
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Milliseconds to wait before trying again, where the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: string, sentence: string, status: number, retryAfterMs?: number) {
    super(sentence);
    this.name = 'MaruError';
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }

  /** The sentence for the reader, in their language; empty for `network`, which the page words itself. */
  get error(): string {
    return this.message;
  }
}

export function asMaruError(error: unknown): MaruError {
  if (error instanceof MaruError) return error;
  return new MaruError('unknown', error instanceof Error ? error.message : String(error), 0);
}
