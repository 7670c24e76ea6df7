import type { Conversation, SupportSession } from '@maru/client';
import { useRef, useState } from 'react';
import { useMaru } from '../provider';
import { SendForm } from './send-form';
import css from './support-chat.module.css';
import { useT } from './texts';

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

  const send = async () => {
    conversation.update(
      await rest.rate(session.sessionId, score, comment.current?.value.trim() || undefined),
    );
    setChanging(false);
  };

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
    <SendForm ready={score > 0} send={send}>
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
        <textarea
          ref={comment}
          maxLength={COMMENT_MAX}
          defaultValue={given?.comment ?? ''}
          placeholder={t('rating.comment')}
          aria-label={t('rating.comment')}
        />
      )}
    </SendForm>
  );
}
