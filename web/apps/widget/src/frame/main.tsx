import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import './frame.css';
import { browserStorage, type CustomerMaru, createCustomerMaru, type Storage } from '@maru/client';
import { MaruProvider } from '@maru/react';
import { SupportChat } from '@maru/react/customer';
import {
  keptTheme,
  type Locale,
  LocaleSwitch,
  preferredLocale,
  setLocale,
  showAccent,
  showTheme,
  type Theme,
} from '@maru/ui';
import { render } from 'preact';
import { useEffect, useState } from 'react';
import type { Greeting, ToFrame, ToHost } from '../protocol';

const LOGIN = 'maru:customer:login';

/** Without a word from a loader it works as a page of its own. */
const ALONE: Greeting = { maru: 'port', open: true, locale: null, theme: null, accent: null, kept: null };

function Frame({
  maru,
  port,
  greeting,
}: {
  maru: CustomerMaru;
  port: MessagePort | null;
  greeting: Greeting;
}) {
  const [open, setOpen] = useState(greeting.open);
  const [visible, setVisible] = useState(!document.hidden);
  const tell = (message: ToHost) => port?.postMessage(message);

  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    const onKey = (event: KeyboardEvent) =>
      event.key === 'Escape' && !event.isComposing && tell({ close: true });
    document.addEventListener('visibilitychange', look);
    addEventListener('keydown', onKey);
    if (!port) return;
    port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
      if ('theme' in data) showTheme(data.theme as Theme);
      if ('locale' in data) void speak(maru, data.locale === 'en' ? 'en' : 'ko');
      if ('open' in data) {
        setOpen(data.open);
        if (data.open) document.querySelector<HTMLElement>('textarea, h1')?.focus();
      }
    };
  }, []);

  return (
    <MaruProvider maru={maru}>
      <SupportChat
        attentive={open && visible}
        onClose={port ? () => tell({ close: true }) : undefined}
        onUnread={unread => tell({ unread })}
        onStarted={() => tell({ started: true })}
        foot={
          <footer className="foot">
            <LocaleSwitch onChange={next => maru.setLocale(next)} />
          </footer>
        }
      />
    </MaruProvider>
  );
}

async function speak(maru: CustomerMaru, locale: Locale): Promise<void> {
  maru.setLocale(locale);
  await setLocale(locale);
}

/** The loader's greeting, or none where nobody embeds us. Only the page around this frame is listened to. */
function greeted(): Promise<[Greeting, MessagePort | null]> {
  if (parent === window) return Promise.resolve([ALONE, null]);
  return new Promise(resolve => {
    addEventListener('message', ({ source, data, ports }: MessageEvent<Greeting>) => {
      if (source === parent && data?.maru === 'port' && ports[0]) resolve([data, ports[0]]);
    });
    parent.postMessage('maru:ready', '*');
  });
}

/** Where the frame may store nothing, the log-in's refresh token goes to the host page and comes back with the greeting. */
function hostKept(storage: Storage, kept: string | null, keep: (login: string) => void): Storage {
  if (storage.kept) return storage;
  const { lasting } = storage;
  const put = lasting.setItem;
  if (kept) put(LOGIN, kept);
  lasting.setItem = (key, value) => {
    put(key, value);
    if (key === LOGIN) keep(JSON.stringify({ ...JSON.parse(value), accessToken: '', expiresAt: 0 }));
  };
  return storage;
}

async function start(): Promise<void> {
  const [greeting, port] = await greeted();
  const locale = preferredLocale(greeting.locale);
  showTheme((greeting.theme as Theme | null) ?? keptTheme());
  if (greeting.accent) showAccent(greeting.accent);
  const storage = hostKept(browserStorage(), greeting.kept, keep =>
    port?.postMessage({ keep } satisfies ToHost),
  );
  const maru = createCustomerMaru({ locale, namespace: 'customer', storage });
  await setLocale(locale);
  render(<Frame maru={maru} port={port} greeting={greeting} />, document.body);
}

void start();
