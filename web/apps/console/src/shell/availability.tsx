import type { Availability } from '@maru/client';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { AVAILABILITIES, sayAvailability, useAvailability } from '../live/availability';
import { useT } from '../texts';
import styles from './availability.module.css';
import { ChevronIcon } from './icons';

/** A readiness as colour, word and shape together. */
export function AvailabilityMark({ availability }: { availability: Availability }) {
  const t = useT();
  return (
    <span className={styles.mark} data-availability={availability}>
      <span className={styles.shape} aria-hidden="true" />
      {t(`availability.${availability}`)}
    </span>
  );
}

/** Where an agent says, on every page, whether new chats may come. */
export function AvailabilityChoice() {
  const t = useT();
  const availability = useAvailability();
  if (availability === undefined) return null;
  return (
    <DialogTrigger>
      <Button className={styles.button}>
        <span className="visually-hidden">{t('availability')}:</span>
        <AvailabilityMark availability={availability} />
        <ChevronIcon />
      </Button>
      <Popover className={styles.popover} placement="bottom end">
        <Dialog className={styles.list} aria-label={t('availability')}>
          {({ close }) =>
            AVAILABILITIES.map(one => (
              <button
                key={one}
                type="button"
                className={styles.item}
                aria-pressed={one === availability}
                onClick={() => {
                  void sayAvailability(one);
                  close();
                }}
              >
                <AvailabilityMark availability={one} />
                <small>{t(`availability.${one}.note`)}</small>
              </button>
            ))
          }
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
