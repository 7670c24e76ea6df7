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
  more: 'M4 10h.01M10 10h.01M16 10h.01',
  chat: 'M17 9.2c0 3.4-3.1 6.2-7 6.2-.9 0-1.8-.1-2.6-.4L3.5 16.5l1-3.2A5.8 5.8 0 0 1 3 9.2C3 5.800 6.100 3 10 3s7 2.800 7 6.200z',
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
