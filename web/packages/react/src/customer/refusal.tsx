import parts from '@maru/ui/parts.module.css';

/** Why something did not happen; heard at once. */
export function Refusal({ error }: { error: string }) {
  return (
    <p role="alert" className={parts.error} hidden={!error}>
      {error}
    </p>
  );
}
