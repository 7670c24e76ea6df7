import '@maru/ui/tokens.css';
import '@maru/ui/base.css';
import { preferredLocale, setLocale } from '@maru/ui';
import { createRoot } from 'react-dom/client';
import './texts';

const root = document.getElementById('root');
if (root) setLocale(preferredLocale()).then(() => createRoot(root).render(<main />));
