import { ago, clockTime, fullTime, stopwatch } from '@maru/ui';
import { patience } from '../format';
import { serverNow, useServerSecond } from '../live/clock';
import { useServerSettings } from '../live/queries';
import { useT } from '../texts';
import styles from './time.module.css';

export function TimeOfDay({ at }: { at: string }) {
  useT();
  return (
    <time dateTime={at} title={fullTime(at)}>
      {clockTime(at)}
    </time>
  );
}

/** "3분 전", with the exact time on hover; renewed with the shared tick. */
export function Ago({ at }: { at: string }) {
  useT();
  useServerSecond();
  return (
    <time dateTime={at} title={fullTime(at)}>
      {ago(at, serverNow())}
    </time>
  );
}

/** How long a customer waits: ticks with the server's clock, says in colour and in words when it is too long. */
export function Waiting({ since }: { since: string }) {
  const t = useT();
  useServerSecond();
  const waited = serverNow() - Date.parse(since);
  const steps = useServerSettings()?.waitStepsSeconds;
  const level = steps ? patience(waited, steps) : 'fresh';
  return (
    <span className={styles.wait} data-patience={level}>
      {level !== 'fresh' && <span className={styles.word}>{t(`patience.${level}`)}</span>}
      <time className={styles.figures} dateTime={`PT${Math.max(0, Math.floor(waited / 1000))}S`}>
        {stopwatch(waited)}
      </time>
    </span>
  );
}

/** Counts down to a moment of the server's clock. */
export function Until({ at }: { at: string }) {
  useServerSecond();
  return <span className={styles.figures}>{stopwatch(Date.parse(at) - serverNow())}</span>;
}
