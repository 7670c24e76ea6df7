import css from './icons.module.css';

const PATHS = {
  stored: 'M4 10.5l4 4 8-9',
  read: 'M1.5 10.5l4 4 8-9M9.5 14.5l8-9',
  pending: 'M10 5.5V10l3 2M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0z',
  failed: 'M10 6v5M10 14h.01M17.5 10a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0z',
  send: 'M10 16V4M5 9l5-5 5 5',
  back: 'M12 4l-6 6 6 6',
  close: 'M5 5l10 10M15 5L5 15',
  down: 'M4 7l6 6 6-6',
  chevron: 'M8 4l6 6-6 6',
} as const;

export type IconName = keyof typeof PATHS;

/** A 20-px line drawing; what it means stands in words beside it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className={css.icon} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
