import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import { createCustomerMaru, leaveWithPage } from '@maru/client';
import { MaruProvider, useAttention, useAuth } from '@maru/react';
import { SupportChat } from '@maru/react/customer';
import { preferredLocale } from '@maru/ui';
import { useState } from 'react';
import { Entrance } from '../entrance';
import { Frame } from '../frame';
import { showPage, useTitle } from '../page';
import { useT } from '../texts';
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

  return (
    <Frame words={values => t('support.as', values)} out={t('support.logout')}>
      {auth.status === 'signedIn' ? (
        <div className={css.room}>
          <SupportChat attentive={attentive} first={LINKED} whileOpen={leaveWithPage} onUnread={setUnread} />
        </div>
      ) : (
        <Entrance title={t('support.lead')} hint={t('support.guest.hint')} offers={isCustomer} />
      )}
    </Frame>
  );
}

function isCustomer(roles: string[]): boolean {
  return roles.includes('MEMBER');
}

function Page() {
  return (
    <MaruProvider maru={maru}>
      <Support />
    </MaruProvider>
  );
}

void showPage(Page);
