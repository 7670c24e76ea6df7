import type { ReactNode } from 'react';
import { useT } from '../texts';
import styles from './empty.module.css';
import { toast } from './toasts';

interface Props {
  title: string;
  next?: string;
  children?: ReactNode;
}

/** A place with nothing in it says what comes next. */
export function EmptyPlace({ title, next, children }: Props) {
  return (
    <div className={styles.place}>
      <p className={styles.title}>{title}</p>
      {next && <p className={styles.next}>{next}</p>}
      {children}
    </div>
  );
}

/** The one line that puts the widget into a site. */
export function Snippet() {
  const t = useT();
  const code = `<script src="${location.origin}/widget.js" async></script>`;
  async function copy() {
    try {
      await navigator.clipboard.writeText(code);
      toast(t('snippet.copied'));
    } catch {
      toast(t('snippet.failed'), 'warn');
    }
  }
  return (
    <div className={styles.snippet}>
      <input
        readOnly
        value={code}
        aria-label={t('snippet.label')}
        spellCheck={false}
        onFocus={event => event.target.select()}
      />
      <div className={styles.actions}>
        <button type="button" className="button primary" onClick={() => void copy()}>
          {t('snippet.copy')}
        </button>
        <a className="button" href="/shop" target="_blank" rel="noopener">
          {t('snippet.try')}
        </a>
      </div>
    </div>
  );
}
