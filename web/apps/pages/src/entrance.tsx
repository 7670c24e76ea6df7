import { asMaruError } from '@maru/client';
import { useMaru } from '@maru/react';
import parts from '@maru/ui/parts.module.css';
import { useEffect, useRef, useState } from 'react';
import css from './entrance.module.css';
import { useT } from './texts';

interface DemoLogin {
  username: string;
  password: string;
  name: string;
}

interface EntranceProps {
  title: string;
  /** What a guest is told. */
  hint: string;
  /** Whose demo log-ins are offered. */
  offers(roles: string[]): boolean;
}

/** Who comes in: a guest right away, or somebody with a log-in. */
export function Entrance({ title, hint, offers }: EntranceProps) {
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
      <h1>{title}</h1>
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
        <button type="submit" className={parts.primary} disabled={busy}>
          {t('support.guest')}
        </button>
        <p className={css.hint}>{hint}</p>
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
        <button type="submit" className={parts.second} disabled={busy}>
          {t('support.login')}
        </button>
        <DemoLogins offers={offers} onChoose={fill} />
      </form>
      <p role="alert" className={parts.error} hidden={!error}>
        {error}
      </p>
    </div>
  );
}

/** People of a server that runs with demo data; nothing where there is none. */
function DemoLogins({
  offers,
  onChoose,
}: Pick<EntranceProps, 'offers'> & { onChoose(login: DemoLogin): void }) {
  const t = useT();
  const { rest } = useMaru();
  const [logins, setLogins] = useState<DemoLogin[]>([]);
  useEffect(() => {
    rest.call<{ items: (DemoLogin & { roles: string[] })[] }>('GET', '/api/demo').then(
      ({ items }) => setLogins(items.filter(({ roles }) => offers(roles))),
      () => {},
    );
  }, [rest, offers]);
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
