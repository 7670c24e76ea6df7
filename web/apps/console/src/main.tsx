import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import './app.css';
import { keptTheme, preferredLocale, setLocale, showTheme } from '@maru/ui';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { lookForLogin, watchLogin } from './auth';
import './texts';

showTheme(keptTheme());
watchLogin();
void lookForLogin();
const root = document.getElementById('root');
if (root) {
  void setLocale(preferredLocale()).then(() =>
    createRoot(root).render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
}
