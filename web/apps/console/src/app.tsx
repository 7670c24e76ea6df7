import { MaruProvider } from '@maru/react';
import { locale } from '@maru/ui';
import { QueryClientProvider } from '@tanstack/react-query';
import { I18nProvider } from 'react-aria-components';
import { Redirect, Route, Router, Switch } from 'wouter';
import { useAuth } from './auth';
import { ChatsPage } from './chats-page';
import { DashboardPage } from './dashboard/dashboard-page';
import { HistoryDetailPage } from './history/history-detail-page';
import { HistoryPage } from './history/history-page';
import { queries } from './live/queries';
import { maru } from './maru';
import { LoginPage } from './shell/login';
import { Shell } from './shell/shell';
import { Toasts } from './shell/toasts';
import { useT } from './texts';

/** The console: log-in first, then the pages under /console. */
export function App() {
  useT();
  return (
    <I18nProvider locale={locale() === 'ko' ? 'ko-KR' : 'en-US'}>
      <QueryClientProvider client={queries}>
        <MaruProvider maru={maru}>
          <Router base="/console">
            <Gate />
          </Router>
          <Toasts />
        </MaruProvider>
      </QueryClientProvider>
    </I18nProvider>
  );
}

function Gate() {
  const auth = useAuth();
  if (auth.status === 'looking') return null;
  if (auth.status === 'out') return <LoginPage notAgent={auth.notAgent} />;
  // Another agent's log-in starts afresh; the same one's, after an expiry, goes on where it was.
  return (
    <Shell key={auth.user.memberId} user={auth.user} expired={auth.status === 'expired' ? auth : null}>
      <Switch>
        <Route path="/history/:id">
          {({ id }) => <HistoryDetailPage me={auth.user.memberId} id={Number(id)} />}
        </Route>
        <Route path="/history">
          <HistoryPage />
        </Route>
        <Route path="/dashboard">
          <DashboardPage me={auth.user.memberId} />
        </Route>
        <Route path="/:view/:id?">
          {({ view, id }) =>
            view === 'waiting' || view === 'mine' || view === 'all' ? (
              <ChatsPage me={auth.user} view={view} id={id === undefined ? null : Number(id)} />
            ) : (
              <Redirect to="/waiting" replace />
            )
          }
        </Route>
        <Route>
          <Redirect to="/waiting" replace />
        </Route>
      </Switch>
    </Shell>
  );
}
