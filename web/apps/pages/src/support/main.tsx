import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import { createCustomerMaru, leaveWithPage } from '@maru/client';
import { MaruProvider, useAttention, useAuth } from '@maru/react';
import { SupportChat } from '@maru/react/customer';
import { preferredLocale } from '@maru/ui';
import { useEffect, useState } from 'react';
import { showPage, TopBar, useTitle } from '../page';
import { useT } from '../texts';
import { Entrance } from './entrance';
import css from './support.module.css';

const maru = createCustomerMaru({ locale: preferredLocale(), namespace: 'customer' });

/** Mails lead to their conversation. */
const LINKED = Number(new URLSearchParams(location.search).get('session')) || undefined;

function Support() {
  const t = useT();
  const auth = useAuth();
  const attentive = useAttention();
  const [unread, setUnread] = useState(0);
  const name = t('support.title');
  useTitle(unread > 0 && !attentive ? `(${unread}) ${name}` : name);
  useLocaleOf(t);

  return (
    <div className={css.page}>
      <TopBar>
        {auth.status === 'signedIn' && (
          <>
            <span className={css.name}>{t('support.as', { name: auth.user.name })}</span>
            <button type="button" className={css.logout} onClick={() => maru.auth.logout()}>
              {t('support.logout')}
            </button>
          </>
        )}
      </TopBar>
      <main id="content" className={css.main}>
        {auth.status === 'signedIn' ? (
          <div className={css.room}>
            <SupportChat
              attentive={attentive}
              first={LINKED}
              whileOpen={leaveWithPage}
              onUnread={setUnread}
            />
          </div>
        ) : (
          <Entrance />
        )}
      </main>
    </div>
  );
}

/** The server answers in the language shown. */
function useLocaleOf(turn: unknown): void {
  useEffect(() => maru.setLocale(preferredLocale()), [turn]);
}

function Page() {
  return (
    <MaruProvider maru={maru}>
      <Support />
    </MaruProvider>
  );
}

void showPage(Page);
