import css from './support-chat.module.css';

/** Why something did not happen; heard at once. */
export function Refusal({ error }: { error: string }) {
  return (
    <p role="alert" className={css.error} hidden={!error}>
      {error}
    </p>
  );
}
