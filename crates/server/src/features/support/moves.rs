//! Moves of a session, as changes in the room's order: load → decide → save → tell.

use std::sync::Arc;

use broker::Topic;

use super::Inner;
use super::notices::{Names, continued, notice};
use super::rules::{Case, DisconnectReason, Event, ExitReason, Moved, Party, Refused, Status};
use super::store::{self, Opened};
use super::view::{
    LongWaitEvent, MESSAGES, NEW_SESSION, NOTIFICATIONS, NewSessionEvent, PRESENCE, PresenceEvent, SESSIONS,
    SessionView, StateEvent, letter, topic,
};
use crate::features::accounts::Member;
use crate::features::messages::{
    ChangeError, ChangeFuture, Draft, Gate, Marks, NewRoom, RoomChange, SYSTEM, Side, Turn,
};
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// Who makes a move, as far as a session cares.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) member_id: i64,
    pub(super) name: String,
    pub(super) admin: bool,
}

/// What is to happen to a session.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Start,
    Cancel,
    End(ExitReason),
    /// To this agent, or back into the queue.
    Transfer {
        to: Option<Member>,
        reason: Option<String>,
    },
    Leave(DisconnectReason),
    Return,
    /// `chat.removeUser`: like leaving, in the queue as well.
    RemoveUser(DisconnectReason),
    /// `chat.addUser`.
    AddUser,
}

/// One move by somebody.
pub(super) struct Move {
    pub(super) support: Arc<Inner>,
    pub(super) session_id: i64,
    pub(super) actor: Actor,
    pub(super) action: Action,
}

impl RoomChange for Move {
    type Output = ();

    fn stored(&self) {
        self.support.changed(self.session_id);
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.support.clock.now();
            let mut case = load(turn, self.session_id).await?;
            let before = case.clone();
            let mut events = case.due(now, &self.support.patience);
            events.extend(self.decide(turn, &mut case, now).await?);
            if let Action::Transfer { reason, .. } = &self.action {
                store::note_transfer(turn.tx(), self.session_id, reason.as_deref()).await?;
            }
            self.support
                .save_and_tell(turn, &before, &case, &events, now, Some(&self.actor))
                .await
        })
    }
}

impl Move {
    async fn decide(&self, turn: &Turn<'_>, case: &mut Case, now: Time) -> Result<Vec<Event>, ChangeError> {
        let patience = &self.support.patience;
        let moved: Moved = match &self.action {
            Action::Start => {
                if case.status() == Status::Waiting {
                    check_readiness(turn, self.actor.member_id).await?;
                }
                self.check_capacity(turn, case, self.actor.member_id).await?;
                let here = self.support.here.is_here(case.session_id, self.actor.member_id);
                case.start(self.actor.member_id, here, now, patience)
            }
            Action::Cancel => {
                self.party(case)?;
                case.cancel(now)
            }
            Action::End(exit) => {
                let party = self.party_or_admin(case)?;
                case.end(party, *exit, now)
            }
            Action::Transfer { to, .. } => {
                self.party_or_admin(case)?;
                let to = match to {
                    Some(agent) => Some(self.target(turn, case, agent).await?),
                    None => None,
                };
                case.transfer(to, now)
            }
            Action::Leave(reason) => case.leave(self.party(case)?, *reason, now, patience),
            Action::Return => case.come_back(self.party(case)?, now),
            Action::RemoveUser(reason) => match self.party(case)? {
                Party::Member if case.status() == Status::Waiting => case.leave_queue(*reason, now, patience),
                party => case.leave(party, *reason, now, patience),
            },
            Action::AddUser => Ok(case.announce(self.party(case)?)),
        };
        moved.map_err(|refused| refusal(refused).into())
    }

    fn party(&self, case: &Case) -> Result<Party, Refusal> {
        case.party_of(self.actor.member_id)
            .ok_or_else(|| Code::NotParticipant.into())
    }

    fn party_or_admin(&self, case: &Case) -> Result<Party, Refusal> {
        match self.party(case) {
            Err(_) if self.actor.admin => Ok(Party::Agent),
            party => party,
        }
    }

    async fn target(&self, turn: &Turn<'_>, case: &Case, agent: &Member) -> Result<(i64, bool), ChangeError> {
        check_readiness(turn, agent.member_id).await?;
        self.check_capacity(turn, case, agent.member_id).await?;
        let here = self.support.here.is_here(case.session_id, agent.member_id);
        Ok((agent.member_id, here))
    }

    async fn check_capacity(&self, turn: &Turn<'_>, case: &Case, agent_id: i64) -> Result<(), ChangeError> {
        let max = i64::from(self.support.active_sessions_per_agent);
        if max == 0 || case.agent_id() == Some(agent_id) {
            return Ok(());
        }
        if store::running_of_agent(turn.tx(), agent_id).await? >= max {
            return Err(Refusal::saying(Code::TooManyOpen, TextKey("error-agent-busy")).into());
        }
        Ok(())
    }
}

/// An agent who is away takes no session.
async fn check_readiness(turn: &Turn<'_>, agent_id: i64) -> Result<(), ChangeError> {
    match store::availability(turn.tx(), agent_id).await? {
        Some((availability, _)) if !availability.takes_sessions() => Err(Code::AgentAway.into()),
        _ => Ok(()),
    }
}

const fn code(refused: Refused) -> Code {
    match refused {
        Refused::WrongState => Code::WrongState,
        Refused::AlreadyStarted => Code::AlreadyStarted,
        Refused::AlreadyContinued => Code::AlreadyContinued,
    }
}

pub(super) fn refusal(refused: Refused) -> Refusal {
    code(refused).into()
}

pub(super) async fn load(turn: &mut Turn<'_>, session_id: i64) -> Result<Case, ChangeError> {
    let case = store::load(turn.tx(), session_id, true).await?;
    case.ok_or_else(|| Code::SessionNotFound.into())
}

/// A customer opens a session.
pub(super) struct Open {
    pub(super) support: Arc<Inner>,
    pub(super) customer_id: i64,
    pub(super) locale: Locale,
    pub(super) opened: Opened,
}

impl RoomChange for Open {
    type Output = i64;

    fn stored(&self) {
        self.support.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, i64> {
        Box::pin(async move {
            let support = &self.support;
            let max = i64::from(support.open_sessions_per_customer);
            if max > 0 && store::open_of_customer(turn.tx(), self.customer_id).await? >= max {
                return Err(Code::TooManyOpen.into());
            }
            if let Some(earlier) = self.opened.continues {
                self.check_earlier(turn, earlier).await?;
            }
            let now = support.clock.now();
            let room = NewRoom {
                kind: super::KIND,
                key: None,
                owner_id: Some(self.customer_id),
                locale: self.locale,
                gate: Gate::Owner,
                created_at: now,
            };
            let session_id = turn.open_room(&room).await?;
            turn.add_member(session_id, self.customer_id, Side::Member).await?;
            let case = Case::open(session_id, self.customer_id, now);
            store::insert(turn.tx(), &case, &self.opened).await?;
            store::save(turn.tx(), &case, now, &support.patience).await?;
            turn.count_change(session_id).await?;
            if let Some(earlier) = self.opened.continues {
                let draft = Draft {
                    message_type: SYSTEM,
                    system: continued(earlier),
                    at: now,
                    also: Some(Topic::from(MESSAGES)),
                };
                turn.append(session_id, draft).await?;
            }
            support.tell_opened(turn, session_id).await?;
            Ok(session_id)
        })
    }
}

impl Open {
    async fn check_earlier(&self, turn: &mut Turn<'_>, earlier: i64) -> Result<(), ChangeError> {
        let case = load(turn, earlier).await?;
        if case.customer_id != self.customer_id {
            return Err(Code::NotParticipant.into());
        }
        let open = store::open_successors(turn.tx(), earlier).await?;
        case.may_be_continued(open).map_err(|refused| refusal(refused).into())
    }
}

/// Connections of somebody to a session came or went; what that means is decided by who is here when it is applied.
pub(super) struct Observe {
    pub(super) support: Arc<Inner>,
    pub(super) session_id: i64,
    pub(super) member_id: i64,
    /// Why the last connection ended, if it did.
    pub(super) reason: DisconnectReason,
}

impl RoomChange for Observe {
    type Output = ();

    fn stored(&self) {
        self.support.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.support.clock.now();
            let mut case = load(turn, self.session_id).await?;
            let Some(party) = case.party_of(self.member_id) else {
                return Ok(());
            };
            let before = case.clone();
            let mut events = case.due(now, &self.support.patience);
            if self.support.here.is_here(self.session_id, self.member_id) {
                events.extend(case.arrived(party, now));
            } else {
                case.lost(party, self.reason, now);
            }
            self.support
                .save_and_tell(turn, &before, &case, &events, now, None)
                .await
        })
    }
}

/// Time has passed, or the server has started again.
pub(super) struct Pass {
    pub(super) support: Arc<Inner>,
    pub(super) session_id: i64,
    pub(super) restarted: bool,
}

impl RoomChange for Pass {
    type Output = ();

    fn stored(&self) {
        self.support.changed(self.session_id);
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.support.clock.now();
            let mut case = load(turn, self.session_id).await?;
            let before = case.clone();
            if self.restarted {
                case.server_restarted(now);
            }
            let events = case.due(now, &self.support.patience);
            self.support
                .save_and_tell(turn, &before, &case, &events, now, None)
                .await
        })
    }
}

/// An agent has answered; the first time counts.
pub(super) struct FirstResponse {
    pub(super) session_id: i64,
    pub(super) at: Time,
}

impl RoomChange for FirstResponse {
    type Output = ();

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            store::note_first_response(turn.tx(), self.session_id, self.at).await?;
            Ok(())
        })
    }
}

impl Inner {
    /// Stores what a move made of a session, and queues what is told of it after the commit.
    async fn save_and_tell(
        &self,
        turn: &mut Turn<'_>,
        before: &Case,
        case: &Case,
        events: &[Event],
        now: Time,
        actor: Option<&Actor>,
    ) -> Result<(), ChangeError> {
        if before == case {
            return Ok(());
        }
        store::save(turn.tx(), case, now, &self.patience).await?;
        turn.count_change(case.session_id).await?;
        self.set_writers(turn, before, case).await?;
        self.tell(turn, case, events, now, actor).await?;
        Ok(())
    }

    async fn set_writers(&self, turn: &mut Turn<'_>, before: &Case, case: &Case) -> Result<(), ChangeError> {
        let id = case.session_id;
        let gate = match case.status() {
            Status::Waiting => Gate::Owner,
            Status::Active | Status::Disconnected => Gate::Members,
            Status::Completed => Gate::Closed,
        };
        turn.set_gate(id, gate).await?;
        if before.agent_id() != case.agent_id() {
            if let Some(agent) = before.agent_id() {
                turn.remove_member(id, agent).await?;
            }
            if let Some(agent) = case.agent_id() {
                turn.add_member(id, agent, Side::Agent).await?;
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        turn: &mut Turn<'_>,
        case: &Case,
        events: &[Event],
        now: Time,
        actor: Option<&Actor>,
    ) -> Result<(), ChangeError> {
        let found = store::session(turn.tx(), case.session_id, None).await?;
        let mut session = found.ok_or(Code::SessionNotFound)?;
        let names = Names::of(&session, case, actor);
        for event in events {
            if let Some(system) = notice(*event, &names) {
                let draft = Draft {
                    message_type: SYSTEM,
                    system,
                    at: now,
                    also: Some(Topic::from(MESSAGES)),
                };
                session.last_message = Some(turn.append(case.session_id, draft).await?);
            }
        }
        let locale = turn.head(case.session_id).await?.locale;
        let view = session.view(&self.codes, locale, &Marks::default());
        for (n, event) in events.iter().enumerate() {
            self.show(turn, case, *event, &events[n + 1..], &view, now);
        }
        Ok(())
    }

    fn show(&self, turn: &mut Turn<'_>, case: &Case, event: Event, later: &[Event], view: &SessionView<'_>, now: Time) {
        let room = topic(case.session_id);
        match event {
            Event::Moved { from, by } => {
                let to = next_status(later).unwrap_or_else(|| case.status());
                let state = StateEvent::new(from, to, by, view);
                turn.show(room, &state);
                turn.show(Topic::from(SESSIONS), &state);
            }
            Event::Online(party) => self.show_presence(turn, case, party, "ONLINE"),
            Event::Offline(party) => self.show_presence(turn, case, party, "OFFLINE"),
            Event::LongWait => {
                let alert = LongWaitEvent {
                    r#type: "LONG_WAIT",
                    session_id: case.session_id,
                    waiting_seconds: now.seconds_since(case.waiting_since().unwrap_or(now)),
                    session: view,
                };
                turn.show(Topic::from(NOTIFICATIONS), &alert);
            }
            _ => {}
        }
    }

    fn show_presence(&self, turn: &mut Turn<'_>, case: &Case, party: Party, state: &'static str) {
        let member_id = match party {
            Party::Member => Some(case.customer_id),
            Party::Agent => case.agent_id(),
        };
        let Some(member_id) = member_id else { return };
        let event = PresenceEvent {
            r#type: "PRESENCE",
            session_id: case.session_id,
            member_id,
            sender_type: letter(party),
            state,
        };
        turn.show(topic(case.session_id), &event);
        turn.show(Topic::from(PRESENCE), &event);
    }

    async fn tell_opened(&self, turn: &mut Turn<'_>, session_id: i64) -> Result<(), ChangeError> {
        let locale = turn.head(session_id).await?.locale;
        if let Some(session) = store::session(turn.tx(), session_id, None).await? {
            let view = session.view(&self.codes, locale, &Marks::default());
            let event = NewSessionEvent {
                r#type: "NEW_SESSION",
                session: &view,
            };
            turn.show(Topic::from(NEW_SESSION), &event);
        }
        Ok(())
    }
}

/// Where the session stood after a change that others followed at once.
fn next_status(later: &[Event]) -> Option<Status> {
    later.iter().find_map(|event| match event {
        Event::Moved { from, .. } => Some(*from),
        _ => None,
    })
}
