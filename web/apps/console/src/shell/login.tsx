import { LocaleSwitch } from '@maru/ui';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { logIn, logOut } from '../auth';
import { queries } from '../live/queries';
import { maru, sentenceOf } from '../maru';
import { useT } from '../texts';
import { Mark } from './icons';
import styles from './login.module.css';
import { useTitle } from './title';
import { toast } from './toasts';

const USERNAME_KEY = 'maru.console.username';

function keptUsername(): string {
  try {
    return localStorage.getItem(USERNAME_KEY) ?? '';
  } catch {
    return '';
  }
}

function keepUsername(name: string): void {
  try {
    localStorage.setItem(USERNAME_KEY, name);
  } catch {
    // Storage is blocked: the name is typed again next time.
  }
}

interface FormProps {
  notAgent?: boolean;
  onDone?: () => void;
}

function LoginForm({ notAgent = false, onDone }: FormProps) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const password = useRef<HTMLInputElement>(null);
  const shown = problem ?? (notAgent ? t('login.notAgent') : null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const name = String(form.get('username') ?? '').trim();
    const secret = String(form.get('password') ?? '');
    if (name === '' || secret === '') return setProblem(t('login.required'));
    setBusy(true);
    setProblem(null);
    try {
      await logIn(name, secret);
      keepUsername(name);
      onDone?.();
    } catch (error) {
      setProblem(sentenceOf(error));
      password.current?.select();
    } finally {
      setBusy(false);
    }
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <label>
        <span>{t('login.username')}</span>
        <input
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          defaultValue={keptUsername()}
          aria-describedby={shown ? id : undefined}
          aria-invalid={shown ? true : undefined}
        />
      </label>
      <label>
        <span>{t('login.password')}</span>
        <input
          ref={password}
          name="password"
          type="password"
          autoComplete="current-password"
          aria-describedby={shown ? id : undefined}
          aria-invalid={shown ? true : undefined}
        />
      </label>
      <p id={id} role="alert" className={styles.problem}>
        {shown}
      </p>
      <button type="submit" className="button primary" disabled={busy}>
        {t(busy ? 'login.busy' : 'login.submit')}
      </button>
    </form>
  );
}

export function LoginPage({ notAgent }: { notAgent: boolean }) {
  const t = useT();
  useTitle(t('title.login'));
  return (
    <main className={styles.page}>
      <section className={styles.card} aria-labelledby="login-heading">
        <p className={styles.brand} aria-hidden="true">
          <Mark />
          {t('brand')}
        </p>
        <h1 id="login-heading">{t('login.heading')}</h1>
        <p className={styles.lead}>{t('login.lead')}</p>
        <LoginForm notAgent={notAgent} />
        <DemoLogins />
      </section>
      <LocaleSwitch />
    </main>
  );
}

interface DemoLogin {
  username: string;
  password: string;
  name: string;
  roles: string[];
}

/** The agents of a server that runs with demo data; nothing where there is none. */
function DemoLogins() {
  const t = useT();
  const { data = [] } = useQuery({
    queryKey: ['demo-logins'],
    queryFn: async () => {
      const { items } = await maru.rest.call<{ items: DemoLogin[] }>('GET', '/api/demo');
      return items.filter(({ roles }) => roles.includes('AGENT') || roles.includes('ADMIN'));
    },
    retry: false,
  });
  if (data.length === 0) return null;
  return (
    <div className={styles.demo}>
      <p>{t('login.demo')}</p>
      {data.map(({ username, password, name }) => (
        <button
          key={username}
          type="button"
          className="button small"
          onClick={() => logIn(username, password).catch(error => toast(sentenceOf(error), 'danger'))}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

/** Stands over the page until the same agent is logged in again; nothing under it is lost. */
export function ReloginDialog({ revoked }: { revoked: boolean }) {
  const t = useT();
  const done = () => {
    maru.connect();
    void queries.invalidateQueries();
  };
  const field = useRef<HTMLDivElement>(null);
  useEffect(() => field.current?.querySelector<HTMLInputElement>('input[type="password"]')?.focus(), []);
  return (
    <ModalOverlay isOpen isDismissable={false} isKeyboardDismissDisabled className="overlay">
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title" level={2}>
            {t('relogin.heading')}
          </Heading>
          <p>{t(revoked ? 'relogin.revoked' : 'relogin.lead')}</p>
          <div ref={field}>
            <LoginForm onDone={done} />
          </div>
          <button type="button" className="button quiet" onClick={() => void logOut()}>
            {t('relogin.other')}
          </button>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
