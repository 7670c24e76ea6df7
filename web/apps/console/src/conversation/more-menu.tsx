import type { SupportSession } from '@maru/client';
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components';
import { useLocation } from 'wouter';
import { downloadTranscript } from '../history/download';
import type { View } from '../live/open-sessions';
import { markUnread } from '../live/unread';
import { sentenceOf } from '../maru';
import { MoreIcon } from '../shell/icons';
import { toast } from '../shell/toasts';
import { useT } from '../texts';
import styles from './more-menu.module.css';

interface Props {
  session: SupportSession;
  mine: boolean;
  view: View;
  /** Shows who the customer is, where there is no room for a button of its own. */
  onFacts: () => void;
}

/** What one does with a chat more rarely. Unread again, it is left for the list: looking at it would read it. */
export function MoreMenu({ session, mine, view, onFacts }: Props) {
  const t = useT();
  const [, navigate] = useLocation();
  const { sessionId } = session;

  async function unread() {
    navigate(`/${view}`);
    await markUnread(sessionId);
  }

  return (
    <DialogTrigger>
      <Button className="button icon" aria-label={t('conversation.more')}>
        <MoreIcon />
      </Button>
      <Popover className={styles.popover} placement="bottom end">
        <Dialog className={styles.menu} aria-label={t('conversation.more')}>
          {({ close }) => {
            const doing = (work: () => Promise<void>) => () => {
              close();
              work().catch(error => toast(sentenceOf(error), 'danger'));
            };
            return (
              <>
                {mine && (
                  <button type="button" onClick={doing(unread)}>
                    {t('conversation.unread')}
                  </button>
                )}
                <button
                  type="button"
                  className={styles.phone}
                  onClick={() => {
                    close();
                    onFacts();
                  }}
                >
                  {t('pane.showFacts')}
                </button>
                <button type="button" onClick={doing(() => downloadTranscript(sessionId))}>
                  {t('detail.transcript')}
                </button>
              </>
            );
          }}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
