import css from './home.module.css';

/** A hall drawn in a few lines: roof, posts, floor boards, and two who sit and talk. */
export function Hall() {
  return (
    <svg className={css.hall} viewBox="0 0 640 240" aria-hidden="true" focusable="false">
      <path className={css.sun} d="M470 62m-34 0a34 34 0 1 0 68 0a34 34 0 1 0 -68 0" />
      <path
        className={css.roof}
        d="M36 98C140 92 236 62 320 26c84 36 180 66 284 72-26 8-52 12-76 13H112c-24-1-50-5-76-13z"
      />
      <path className={css.wood} d="M132 111v84M260 111v84M380 111v84M508 111v84M120 126h400" />
      <path className={css.floor} d="M88 195h464l18 22H70z" />
      <path
        className={css.wood}
        d="M88 195h464M70 217h500M180 195l-8 22M272 195l-4 22M368 195l4 22M460 195l8 22"
      />
      <path
        className={css.mine}
        d="M166 142h62a9 9 0 0 1 9 9v17a9 9 0 0 1-9 9h-46l-12 11v-11h-4a9 9 0 0 1-9-9v-17a9 9 0 0 1 9-9z"
      />
      <path
        className={css.theirs}
        d="M412 142h62a9 9 0 0 1 9 9v17a9 9 0 0 1-9 9h-4v11l-12-11h-46a9 9 0 0 1-9-9v-17a9 9 0 0 1 9-9z"
      />
      <path className={css.words} d="M172 155h50M172 165h32" />
      <path className={css.reply} d="M418 155h50M418 165h38" />
    </svg>
  );
}
