import css from './refusal.module.css';

/** Why something did not happen; heard at once. */
export function Refusal({ error }: { error?: string }) {
  return error ? (
    <p className={css.refusal} role="alert">
      {error}
    </p>
  ) : null;
}
