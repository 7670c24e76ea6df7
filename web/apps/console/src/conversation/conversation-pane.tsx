import {
  type Conversation,
  type ConversationState,
  type ExitReason,
  MaruError,
  type SupportSession,
  type User,
} from '@maru/client';
import { useConversation } from '@maru/react';
import { locale } from '@maru/ui';
import { useEffect, useId, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { takeAnswer } from '../live/answer';
import { sayAvailability, useAvailability } from '../live/availability';
import { type View, waitsSince } from '../live/open-sessions';
import { useViewers } from '../live/queries';
import { maru, sentenceOf } from '../maru';
import { EmptyPlace } from '../shell/empty';
import { BackIcon, EyeIcon, ListIcon, PaneIcon } from '../shell/icons';
import type { Pane } from '../shell/panes';
import { StatusMark } from '../shell/status';
import { Ago, Until, Waiting } from '../shell/time';
import { useTitle } from '../shell/title';
import { toast } from '../shell/toasts';
import { useT } from '../texts';
import { Composer } from './composer';
import styles from './conversation-pane.module.css';
import { EndDialog } from './end-dialog';
import { Log } from './log';
import { MoreMenu } from './more-menu';
import { TransferDialog } from './transfer-dialog';

interface Props {
  me: User;
  id: number;
  view: View;
  list: Pane;
  facts: Pane;
  onFactsOver: () => void;
}

/** One conversation: who it is with and what may be done, the messages, and where to write. */
export function ConversationPane({ me, id, view, list, facts, onFactsOver }: Props) {
  const t = useT();
  const [state, conversation] = useConversation(id);
  const { session } = state;
  useTitle(session?.memberName ?? t(`list.${view}`));
  const mine = session !== null && session.adminId === me.memberId && session.status !== 'WAITING';

  if (state.status === 'failed') {
    const unknown = state.error?.code === 'session_not_found' || state.error?.status === 400;
    return (
      <EmptyPlace
        title={unknown ? t('conversation.notFound') : state.error?.error || t('conversation.failed')}
      >
        <Link className="button" href={`/${view}`}>
          {t('back')}
        </Link>
      </EmptyPlace>
    );
  }
  if (session === null) {
    return (
      <p className={styles.loading} role="status">
        {t('conversation.loading')}
      </p>
    );
  }
  return (
    <div className={styles.pane}>
      <Head
        me={me}
        session={session}
        view={view}
        list={list}
        facts={facts}
        onFactsOver={onFactsOver}
        mine={mine}
      />
      <Notices me={me} session={session} />
      <Log conversation={conversation} state={state} mine={mine} />
      <Typing state={state} />
      <Announcer state={state} />
      <Foot me={me} session={session} state={state} mine={mine} conversation={conversation} view={view} />
    </div>
  );
}

interface HeadProps {
  me: User;
  session: SupportSession;
  view: View;
  list: Pane;
  facts: Pane;
  onFactsOver: () => void;
  mine: boolean;
}

function mayAct(me: User, session: SupportSession): boolean {
  return session.adminId === me.memberId || me.roles.includes('ADMIN');
}

function Head({ me, session, view, list, facts, onFactsOver, mine }: HeadProps) {
  const t = useT();
  const running = session.status === 'ACTIVE' || session.status === 'DISCONNECTED';
  const act = running && mayAct(me, session);
  return (
    <header className={styles.head}>
      <Link className={`button icon ${styles.back}`} href={`/${view}`} aria-label={t('back')}>
        <BackIcon />
      </Link>
      <button
        type="button"
        className={`button icon ${styles.wide}`}
        aria-label={t(list.shown ? 'pane.hideList' : 'pane.showList')}
        aria-pressed={list.shown}
        onClick={list.toggle}
      >
        <ListIcon />
      </button>
      <div className={styles.who}>
        <h2>{session.memberName}</h2>
        <p>
          <StatusMark status={session.status} />
          <span className={styles.category}>{session.categoryName}</span>
          {session.status === 'WAITING' && <Waiting since={waitsSince(session)} />}
        </p>
      </div>
      <Viewers me={me} session={session} />
      <div className={styles.actions}>
        {act && session.status === 'ACTIVE' && <TransferDialog me={me} session={session} />}
        {act && <EndDialog session={session} />}
        <MoreMenu session={session} mine={mine} view={view} onFacts={onFactsOver} />
        <button
          type="button"
          className={`button icon ${styles.wide}`}
          aria-label={t(facts.shown ? 'pane.hideFacts' : 'pane.showFacts')}
          aria-pressed={facts.shown}
          onClick={facts.toggle}
        >
          <PaneIcon />
        </button>
        <button
          type="button"
          className={`button icon ${styles.narrow}`}
          aria-label={t('pane.showFacts')}
          onClick={onFactsOver}
        >
          <PaneIcon />
        </button>
      </div>
    </header>
  );
}

/** Other agents who look at this chat too. */
function Viewers({ me, session }: { me: User; session: SupportSession }) {
  const t = useT();
  const viewers = useViewers(session.sessionId, me.memberId);
  if (viewers.length === 0) return null;
  const names = new Intl.ListFormat(locale()).format(viewers.map(viewer => viewer.name));
  const said = t('conversation.viewers', { names, count: viewers.length });
  return (
    <span className={styles.viewers} role="status" title={said}>
      <EyeIcon />
      <span>{said}</span>
    </span>
  );
}

/** What the agent must know before writing: who is away, whose chat this is. */
function Notices({ me, session }: { me: User; session: SupportSession }) {
  const t = useT();
  if (session.status === 'DISCONNECTED') {
    return (
      <p className={styles.notice} role="status">
        <span>{t('conversation.away', { name: session.memberName })}</span>
        {session.graceUntil && (
          <span className={styles.left}>
            {t('conversation.graceLeft')} <Until at={session.graceUntil} />
          </span>
        )}
      </p>
    );
  }
  const others = session.status === 'ACTIVE' && session.adminId !== me.memberId;
  if (others && me.roles.includes('ADMIN')) {
    return (
      <p className={styles.notice} role="status">
        {t('conversation.adminNote', { name: session.adminName })}
      </p>
    );
  }
  return null;
}

function Typing({ state }: { state: ConversationState }) {
  const t = useT();
  const customer = state.typing.some(typist => typist.side === 'M');
  const agent = state.typing.some(typist => typist.side === 'A');
  const name = customer ? state.session?.memberName : agent ? state.session?.adminName : null;
  return (
    <p className={styles.typing} aria-hidden={name ? undefined : true}>
      {name ? t('conversation.typing', { name }) : ''}
    </p>
  );
}

/** Says each new message of the customer aloud once; what scrolling brings in is not said. */
function Announcer({ state }: { state: ConversationState }) {
  const t = useT();
  const last = state.messages.findLast(message => message.seq !== null);
  const before = useRef(last?.seq ?? 0);
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (last?.seq == null || last.seq <= before.current) return;
    before.current = last.seq;
    if (last.senderType === 'M') {
      setSaid(t('conversation.incoming', { name: last.senderName, text: last.content }));
    }
  }, [last, t]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}

interface FootProps {
  me: User;
  session: SupportSession;
  state: ConversationState;
  mine: boolean;
  conversation: Conversation;
  view: View;
}

function Foot({ me, session, state, mine, conversation, view }: FootProps) {
  const t = useT();
  switch (session.status) {
    case 'WAITING':
      return <Start session={session} view={view} />;
    case 'COMPLETED':
      return (
        <div className={styles.foot}>
          <p>
            {session.endedBy && `${t(`conversation.endedBy.${session.endedBy}`)} `}
            {session.exitReason &&
              `${t('facts.reason')}: ${t(`reason.${session.exitReason as ExitReason}`)} · `}
            {session.endTime && <Ago at={session.endTime} />}
          </p>
        </div>
      );
    default:
      if (mine || me.roles.includes('ADMIN')) {
        return <Composer me={me} conversation={conversation} state={state} customer={session.memberName} />;
      }
      return (
        <div className={styles.foot}>
          <p role="status">{t('conversation.otherNote', { name: session.adminName })}</p>
        </div>
      );
  }
}

/** Takes a chat out of the queue. Of two who press at once one is told who was faster. */
function Start({ session, view }: { session: SupportSession; view: View }) {
  const t = useT();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const away = useAvailability() === 'AWAY';
  const note = useId();
  const id = session.sessionId;

  async function start() {
    setBusy(true);
    try {
      takeAnswer(await maru.rest.admin.start(id));
      if (view === 'waiting') navigate(`/mine/${id}`);
    } catch (error) {
      await lost(error);
    } finally {
      setBusy(false);
    }
  }

  async function lost(error: unknown) {
    if (!(error instanceof MaruError) || error.status !== 409) return toast(sentenceOf(error), 'danger');
    try {
      const now = await maru.rest.session(id);
      takeAnswer(now);
      toast(now.adminName ? t('conversation.takenBy', { name: now.adminName }) : sentenceOf(error), 'warn');
    } catch {
      toast(sentenceOf(error), 'warn');
    }
  }

  return (
    <div className={styles.foot}>
      <p id={note}>{t(away ? 'conversation.whileAway' : 'conversation.waitingNote')}</p>
      {away && (
        <button type="button" className="button large" onClick={() => void sayAvailability('AVAILABLE')}>
          {t('conversation.comeBack')}
        </button>
      )}
      <button
        type="button"
        className="button primary large"
        disabled={busy || away}
        aria-describedby={note}
        onClick={() => void start()}
      >
        {t(busy ? 'conversation.starting' : 'conversation.start')}
      </button>
    </div>
  );
}
