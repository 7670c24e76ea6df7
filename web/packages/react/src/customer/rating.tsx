import type { Conversation, SupportSession } from '@maru/client';
import { useRef, useState } from 'react';
import { useMaru } from '../provider';
import { Refusal } from './refusal';
import css from './support-chat.module.css';
import { useT } from './texts';
import { useAttempt } from './use-attempt';

const SCORES = [1, 2, 3, 4, 5];
const COMMENT_MAX = 500;

interface RatingProps {
  session: SupportSession;
  conversation: Conversation;
}

/** How the customer found it: a score and, if they like, words. Given, it says so and may be changed. */
export function Rating({ session, conversation }: RatingProps) {
  const t = useT();
  const { rest } = useMaru();
  const given = session.rating;
  const [changing, setChanging] = useState(false);
  const [score, setScore] = useState(0);
  const comment = useRef<HTMLTextAreaElement>(null);
  const { attempt, busy, error } = useAttempt();

  const send = () =>
    attempt(async () => {
      conversation.update(
        await rest.rate(session.sessionId, score, comment.current?.value.trim() || undefined),
      );
      setChanging(false);
    });

  if (given && !changing) {
    return (
      <p role="status">
        {t('rating.thanks', { score: given.score })}{' '}
        <button
          type="button"
          className={css.link}
          onClick={() => {
            setScore(given.score);
            setChanging(true);
          }}
        >
          {t('rating.change')}
        </button>
      </p>
    );
  }
  return (
    <form
      className={css.rating}
      onSubmit={event => {
        event.preventDefault();
        void send();
      }}
    >
      <fieldset>
        <legend>{t('rating')}</legend>
        {SCORES.map(one => (
          <label key={one}>
            <input
              type="radio"
              name="score"
              className="visually-hidden"
              aria-label={t('rating.score', { score: one })}
              defaultChecked={one === score}
              onInput={() => setScore(one)}
            />
            <span aria-hidden="true">{one}</span>
          </label>
        ))}
      </fieldset>
      {score > 0 && (
        <>
          <textarea
            ref={comment}
            rows={2}
            maxLength={COMMENT_MAX}
            defaultValue={given?.comment ?? ''}
            placeholder={t('rating.comment')}
            aria-label={t('rating.comment')}
          />
          <button type="submit" className={css.second} disabled={busy}>
            {t('composer.send')}
          </button>
        </>
      )}
      <Refusal error={error} />
    </form>
  );
}
