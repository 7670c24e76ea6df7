import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import { Icon } from '@maru/react';
import { showPage, TopBar, useTitle } from '../page';
import { useT } from '../texts';
import { Hall } from './hall';
import css from './home.module.css';

const DOORS = [
  { name: 'customer', href: '/support' },
  { name: 'shop', href: '/shop' },
  { name: 'console', href: '/console' },
  { name: 'rooms', href: '/rooms' },
] as const;

const FACTS = ['stored', 'return', 'own'] as const;

function Home() {
  const t = useT();
  useTitle('Maru');
  return (
    <div className={css.page}>
      <TopBar />
      <main id="content">
        <section className={css.hero}>
          <h1>{t('home.title')}</h1>
          <p>{t('home.lead')}</p>
          <Hall />
        </section>
        <section className={css.section} aria-labelledby="try">
          <h2 id="try">{t('home.try')}</h2>
          <p className={css.lead}>{t('home.try.lead')}</p>
          <ul className={css.doors}>
            {DOORS.map(({ name, href }) => (
              <li key={name}>
                <a className={css.door} href={href}>
                  <b>{t(`home.${name}`)}</b>
                  <span>{t(`home.${name}.lead`)}</span>
                  <span className={css.go}>
                    {t(`home.${name}.go`)}
                    <Icon name="chevron" />
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </section>
        <section className={css.section} aria-labelledby="facts">
          <h2 id="facts">{t('home.facts')}</h2>
          <dl className={css.facts}>
            {FACTS.map(name => (
              <div key={name}>
                <dt>{t(`home.fact.${name}`)}</dt>
                <dd>{t(`home.fact.${name}.lead`)}</dd>
              </div>
            ))}
          </dl>
        </section>
      </main>
      <footer className={css.foot}>
        <a href="/api/openapi.json">{t('home.api')}</a>
      </footer>
    </div>
  );
}

void showPage(Home);
