import { asMaruError } from '@maru/client';
import { useMaru } from '@maru/react';
import { useEffect, useRef, useState } from 'react';
import { useT } from '../texts';
import css from './support.module.css';

interface DemoLogin {
  username: string;
  password: string;
  name: string;
}

/** Who comes in: a guest right away, or a customer with a log-in. */
export function Entrance() {
  const t = useT();
  const { auth } = useMaru();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const username = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  const enter = async (how: () => Promise<unknown>) => {
    setBusy(true);
    setError('');
    try {
      await how();
    } catch (cause) {
      setError(asMaruError(cause).error || t('error.network'));
      setBusy(false);
    }
  };
  const fill = (login: DemoLogin) => {
    if (!username.current || !password.current) return;
    username.current.value = login.username;
    password.current.value = login.password;
    void enter(() => auth.login(login.username, login.password));
  };

  return (
    <div className={css.entrance}>
      <h1>{t('support.lead')}</h1>
      <form
        className={css.card}
        onSubmit={event => {
          event.preventDefault();
          void enter(() => auth.guest(name.current?.value.trim() || undefined));
        }}
      >
        <label>
          {t('support.name')}
          <input ref={name} name="name" autoComplete="name" maxLength={50} />
        </label>
        <button type="submit" className={css.primary} disabled={busy}>
          {t('support.guest')}
        </button>
        <p className={css.hint}>{t('support.guest.hint')}</p>
      </form>
      <form
        className={css.card}
        onSubmit={event => {
          event.preventDefault();
          void enter(() => auth.login(username.current?.value ?? '', password.current?.value ?? ''));
        }}
      >
        <h2>{t('support.or')}</h2>
        <label>
          {t('support.username')}
          <input ref={username} name="username" autoComplete="username" required />
        </label>
        <label>
          {t('support.password')}
          <input ref={password} name="password" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className={css.second} disabled={busy}>
          {t('support.login')}
        </button>
        <DemoLogins onChoose={fill} />
      </form>
      <p role="alert" className={css.error} hidden={!error}>
        {error}
      </p>
    </div>
  );
}

/** The customers of a server that runs with demo data; nothing where there is none. */
function DemoLogins({ onChoose }: { onChoose(login: DemoLogin): void }) {
  const t = useT();
  const { rest } = useMaru();
  const [logins, setLogins] = useState<DemoLogin[]>([]);
  useEffect(() => {
    rest.call<{ items: (DemoLogin & { roles: string[] })[] }>('GET', '/api/demo').then(
      ({ items }) => setLogins(items.filter(({ roles }) => roles.includes('MEMBER'))),
      () => {},
    );
  }, [rest]);
  if (logins.length === 0) return null;
  return (
    <div className={css.demo}>
      <p>{t('support.demo')}</p>
      {logins.map(login => (
        <button key={login.username} type="button" onClick={() => onChoose(login)}>
          {login.name}
        </button>
      ))}
    </div>
  );
}
