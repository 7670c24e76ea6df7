import parts from '@maru/ui/parts.module.css';
import { useT } from '../texts';
import { linkTo } from './route';
import css from './to-list.module.css';

/** The way back to all rooms: a link that looks like the buttons beside it. */
export function ToList() {
  const t = useT();
  return (
    <a className={`${parts.second} ${css.link}`} {...linkTo('/rooms')}>
      {t('rooms.list')}
    </a>
  );
}
