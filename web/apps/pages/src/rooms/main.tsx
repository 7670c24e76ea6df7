import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import { createMaru } from '@maru/client';
import { MaruProvider, useAuth } from '@maru/react';
import { preferredLocale } from '@maru/ui';
import { useEffect } from 'react';
import { Entrance } from '../entrance';
import { Frame } from '../frame';
import { showPage, useTitle } from '../page';
import { useT } from '../texts';
import { Gate } from './gate';
import { RoomList } from './room-list';
import { useRoute } from './route';

const maru = createMaru({ locale: preferredLocale(), namespace: 'rooms', credentials: 'token' });

function Rooms() {
  const t = useT();
  const auth = useAuth();
  const { room, seq } = useRoute();
  const user = auth.status === 'signedIn' ? auth.user.memberId : null;
  useEffect(() => {
    if (user !== null) maru.connect();
  }, [user]);

  return (
    <Frame words={values => t('rooms.as', values)} out={t('rooms.logout')}>
      {user === null ? (
        <Door />
      ) : room === null ? (
        <RoomList key={user} />
      ) : (
        <Gate key={`${user} ${room}`} name={room} seq={seq} />
      )}
    </Frame>
  );
}

function Door() {
  const t = useT();
  useTitle(t('rooms.title'));
  return <Entrance title={t('rooms.lead')} hint={t('rooms.guest.hint')} offers={anybody} />;
}

function anybody(): boolean {
  return true;
}

function Page() {
  return (
    <MaruProvider maru={maru}>
      <Rooms />
    </MaruProvider>
  );
}

void showPage(Page);
