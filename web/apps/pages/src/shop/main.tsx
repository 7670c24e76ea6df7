import './shop.css';
import { LocaleSwitch, locale } from '@maru/ui';
import { useEffect, useState } from 'react';
import { showPage, useTitle } from '../page';
import { useT } from '../texts';
import { Ware } from './ware';

type WidgetCommand = (name: 'locale', value: string) => void;

const ITEMS = [
  { key: 'item1', won: 128000 },
  { key: 'item2', won: 46000 },
  { key: 'item3', won: 32000 },
  { key: 'item4', won: 54000 },
] as const;

/** Somebody else's site: its own look, and the widget by its one script tag. */
function Shop() {
  const t = useT();
  const shown = locale();
  useTitle(t('shop.brand'));
  useEffect(() => (window as { Maru?: WidgetCommand }).Maru?.('locale', shown), [shown]);
  return (
    <>
      <header className="shop-top">
        <a className="shop-brand" href="/shop">
          {t('shop.brand')}
        </a>
        <nav>
          <a href="#wares">{t('shop.nav.new')}</a>
          <a href="#wares">{t('shop.nav.tea')}</a>
          <a href="#wares">{t('shop.nav.table')}</a>
        </nav>
        <LocaleSwitch />
      </header>
      <main>
        <section className="shop-hero">
          <div>
            <p>{t('shop.tag')}</p>
            <h1>{t('shop.hero')}</h1>
            <p>{t('shop.hero.lead')}</p>
          </div>
          <Ware kind="item1" />
        </section>
        <ul className="shop-wares" id="wares">
          {ITEMS.map(({ key, won }) => (
            <li key={key}>
              <Ware kind={key} />
              <h2>{t(`shop.${key}`)}</h2>
              <p>{t('shop.price', { won })}</p>
              <AddButton />
            </li>
          ))}
        </ul>
        <aside className="shop-note">
          <p>{t('shop.note')}</p>
          <p>{t('shop.embed')}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line that keyboards must be able to scroll */}
          <pre tabIndex={0}>{`<script src="${location.origin}/widget.js" async></script>`}</pre>
          <a href="/">{t('shop.back')}</a>
        </aside>
      </main>
    </>
  );
}

function AddButton() {
  const t = useT();
  const [added, setAdded] = useState(false);
  return (
    <button type="button" aria-pressed={added} onClick={() => setAdded(!added)}>
      {added ? t('shop.added') : t('shop.add')}
    </button>
  );
}

void showPage(Shop);
