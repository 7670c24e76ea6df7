//! The life of a support session: states, moves and refusals. Pure: `now` and who is connected are told.
//!
//! A session waits, runs, and is over. While it runs each side is here or away; DISCONNECTED is a running session
//! with somebody away. What time alone does (a lost connection becomes an absence, an absence ends the session, a
//! wait becomes long) happens in [`Case::due`], whenever it is called at or after [`Case::due_at`].

mod agent;
mod rating;
mod wait;

pub use self::agent::Availability;
pub use self::rating::Rating;
pub use self::wait::{WAITS, WAITS_S, expected_wait_s};
use crate::time::Time;

/// Who makes a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Member,
    Agent,
    System,
}

impl By {
    /// `M`, `A` or `S`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Member => "M",
            Self::Agent => "A",
            Self::System => "S",
        }
    }
}

/// One of the two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    Member,
    Agent,
}

impl Party {
    const fn by(self) -> By {
        match self {
            Self::Member => By::Member,
            Self::Agent => By::Agent,
        }
    }
}

/// Code group CHAT_SESSION_STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Waiting,
    Active,
    Disconnected,
    Completed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Active, Self::Disconnected, Self::Completed];

    /// As the code table writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Active => "ACTIVE",
            Self::Disconnected => "DISCONNECTED",
            Self::Completed => "COMPLETED",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }
}

/// Code group CHAT_DISCONNECT_REASON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    NetworkError,
    BrowserClose,
    Timeout,
}

impl DisconnectReason {
    const ALL: [Self; 3] = [Self::NetworkError, Self::BrowserClose, Self::Timeout];

    /// As the code table writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NetworkError => "NETWORK_ERROR",
            Self::BrowserClose => "BROWSER_CLOSE",
            Self::Timeout => "TIMEOUT",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == name)
    }
}

/// Code group CHAT_EXIT_REASON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    Resolved,
    Cancelled,
    Transferred,
}

impl ExitReason {
    const ALL: [Self; 3] = [Self::Resolved, Self::Cancelled, Self::Transferred];

    /// As the code table writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resolved => "RESOLVED",
            Self::Cancelled => "CANCELLED",
            Self::Transferred => "TRANSFERRED",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == name)
    }
}

/// How long things may take, from the settings.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub leave_after_s: u64,
    pub grace_s: u64,
    pub waiting_grace_s: u64,
    pub long_wait_s: u64,
    /// An agent who does not return puts the session back into the queue instead of ending it.
    pub requeue: bool,
}

/// Whether a party is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Here, or never was.
    Here,
    /// The last connection ended; counts as away `leave_after_s` later.
    Lost { at: Time, reason: DisconnectReason },
    /// Away; what follows comes at `until`.
    Away {
        since: Time,
        until: Time,
        reason: DisconnectReason,
    },
}

/// What is kept of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub presence: Presence,
    /// Has ever had a live connection: only who came can leave.
    pub connected: bool,
    /// A SYSTEM message has told of the coming.
    pub announced: bool,
    pub seen_at: Option<Time>,
}

impl Side {
    const NEW: Self = Self {
        presence: Presence::Here,
        connected: false,
        announced: false,
        seen_at: None,
    };

    fn present(connected: bool, now: Time) -> Self {
        Self {
            connected,
            seen_at: connected.then_some(now),
            ..Self::NEW
        }
    }

    const fn away(&self) -> Option<(Time, Time, DisconnectReason)> {
        match self.presence {
            Presence::Away { since, until, reason } => Some((since, until, reason)),
            _ => None,
        }
    }
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In the queue.
    Waiting {
        since: Time,
        /// Agents have been told that it takes long.
        alerted: bool,
    },
    /// Taken by an agent.
    Running { agent_id: i64, agent: Side },
    /// Over for good.
    Completed {
        agent_id: Option<i64>,
        ended_at: Time,
        by: By,
        exit: Option<ExitReason>,
        disconnect: Option<DisconnectReason>,
    },
}

/// A support session, as far as its life goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub session_id: i64,
    pub customer_id: i64,
    pub started_at: Time,
    pub state: State,
    pub member: Side,
    /// When an agent first took it.
    pub first_taken_at: Option<Time>,
}

/// Why a move is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    WrongState,
    AlreadyStarted,
    AlreadyContinued,
}

/// What happened, for whoever has to tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The state changed (also ACTIVE → ACTIVE on a transfer, DISCONNECTED → DISCONNECTED on a second absence).
    Moved {
        from: Status,
        by: By,
    },
    Started,
    Joined(Party),
    Left(Party),
    Returned(Party),
    TransferredToQueue,
    TransferredToAgent,
    /// Back in the queue since the agent did not return.
    Requeued,
    Cancelled,
    Ended(By),
    /// A party came or returned.
    Online(Party),
    /// A party counts as away.
    Offline(Party),
    LongWait,
}

/// A move's outcome: what happened, in order. Nothing where nothing changed.
pub type Moved = Result<Vec<Event>, Refused>;

impl Case {
    /// A session that a customer opens now.
    pub const fn open(session_id: i64, customer_id: i64, now: Time) -> Self {
        Self {
            session_id,
            customer_id,
            started_at: now,
            state: State::Waiting {
                since: now,
                alerted: false,
            },
            member: Side::NEW,
            first_taken_at: None,
        }
    }

    /// Whether its customer may take it up again in a new session.
    ///
    /// # Errors
    /// `WrongState` while it is not over, `AlreadyContinued` while a successor is open.
    pub fn may_be_continued(&self, open_successors: i64) -> Result<(), Refused> {
        if self.status() != Status::Completed {
            Err(Refused::WrongState)
        } else if open_successors > 0 {
            Err(Refused::AlreadyContinued)
        } else {
            Ok(())
        }
    }

    /// The status of the code table.
    pub const fn status(&self) -> Status {
        match &self.state {
            State::Waiting { .. } => Status::Waiting,
            State::Running { agent, .. } => {
                if agent.away().is_some() || self.member.away().is_some() {
                    Status::Disconnected
                } else {
                    Status::Active
                }
            }
            State::Completed { .. } => Status::Completed,
        }
    }

    /// Who has it, or had it last.
    pub const fn agent_id(&self) -> Option<i64> {
        match self.state {
            State::Waiting { .. } => None,
            State::Running { agent_id, .. } => Some(agent_id),
            State::Completed { agent_id, .. } => agent_id,
        }
    }

    /// Since when it waits, if it does.
    pub const fn waiting_since(&self) -> Option<Time> {
        match self.state {
            State::Waiting { since, .. } => Some(since),
            _ => None,
        }
    }

    /// The first absence of a running session: (until when it may last, why).
    pub fn absence(&self) -> Option<(Time, DisconnectReason)> {
        let (.., reason) = self.first_absence()?;
        let until = self.absences().map(|(_, until, _)| until).min()?;
        Some((until, reason))
    }

    fn first_absence(&self) -> Option<(Time, Time, DisconnectReason)> {
        self.absences().min_by_key(|(since, ..)| *since)
    }

    fn absences(&self) -> impl Iterator<Item = (Time, Time, DisconnectReason)> {
        let sides = match &self.state {
            State::Running { agent, .. } => [self.member.away(), agent.away()],
            State::Waiting { .. } | State::Completed { .. } => [None, None],
        };
        sides.into_iter().flatten()
    }

    /// The party that somebody is, if any.
    pub fn party_of(&self, member_id: i64) -> Option<Party> {
        if member_id == self.customer_id {
            Some(Party::Member)
        } else if self.agent_id() == Some(member_id) {
            Some(Party::Agent)
        } else {
            None
        }
    }

    /// An agent takes the session; `here` says whether this agent is connected to it already.
    pub fn start(&mut self, agent_id: i64, here: bool, now: Time, patience: &Patience) -> Moved {
        match self.state {
            State::Waiting { .. } => {}
            State::Running { agent_id: taken, .. } if taken == agent_id => return Ok(Vec::new()),
            State::Running { .. } => return Err(Refused::AlreadyStarted),
            State::Completed { .. } => return Err(Refused::WrongState),
        }
        self.take(agent_id, here, now);
        if let Some((_, _, reason)) = self.member.away() {
            self.member.presence = Presence::Away {
                since: now,
                until: now.plus_s(patience.grace_s),
                reason,
            };
        }
        let mut events = vec![
            Event::Moved {
                from: Status::Waiting,
                by: By::Agent,
            },
            Event::Started,
        ];
        events.extend(here.then_some(Event::Online(Party::Agent)));
        Ok(events)
    }

    fn take(&mut self, agent_id: i64, here: bool, now: Time) {
        self.state = State::Running {
            agent_id,
            agent: Side::present(here, now),
        };
        self.first_taken_at.get_or_insert(now);
    }

    /// The customer gives up waiting.
    pub fn cancel(&mut self, now: Time) -> Moved {
        match self.state {
            State::Waiting { .. } => Ok(self.cancelled(By::Member, now)),
            _ => Err(Refused::WrongState),
        }
    }

    fn cancelled(&mut self, by: By, now: Time) -> Vec<Event> {
        let disconnect = self.member.away().map(|(_, _, reason)| reason);
        self.complete(by, Some(ExitReason::Cancelled), disconnect, now);
        vec![
            Event::Moved {
                from: Status::Waiting,
                by,
            },
            Event::Cancelled,
        ]
    }

    /// Either party, or an admin for the agents' side, ends a running session.
    pub fn end(&mut self, party: Party, exit: ExitReason, now: Time) -> Moved {
        let from = self.running()?;
        let disconnect = self.absence().map(|(_, reason)| reason);
        self.complete(party.by(), Some(exit), disconnect, now);
        Ok(vec![Event::Moved { from, by: party.by() }, Event::Ended(party.by())])
    }

    fn complete(&mut self, by: By, exit: Option<ExitReason>, disconnect: Option<DisconnectReason>, now: Time) {
        self.state = State::Completed {
            agent_id: self.agent_id(),
            ended_at: now,
            by,
            exit,
            disconnect,
        };
        self.member.presence = Presence::Here;
    }

    const fn running(&self) -> Result<Status, Refused> {
        match self.status() {
            status @ (Status::Active | Status::Disconnected) => Ok(status),
            Status::Waiting | Status::Completed => Err(Refused::WrongState),
        }
    }

    /// Change of agent: to a named one, or back into the queue.
    pub fn transfer(&mut self, to: Option<(i64, bool)>, now: Time) -> Moved {
        if self.status() != Status::Active {
            return Err(Refused::WrongState);
        }
        let moved = Event::Moved {
            from: Status::Active,
            by: By::Agent,
        };
        match to {
            Some((agent_id, here)) => {
                self.take(agent_id, here, now);
                let online = here.then_some(Event::Online(Party::Agent));
                Ok([moved, Event::TransferredToAgent].into_iter().chain(online).collect())
            }
            None => {
                self.wait_again(now);
                Ok(vec![moved, Event::TransferredToQueue])
            }
        }
    }

    const fn wait_again(&mut self, now: Time) {
        self.state = State::Waiting {
            since: now,
            alerted: false,
        };
    }

    /// A party says that it leaves for a moment: `leave` of a running session, or `chat.removeUser` in any open one.
    pub fn leave(&mut self, party: Party, reason: DisconnectReason, now: Time, patience: &Patience) -> Moved {
        self.running()?;
        Ok(self.goes_away(party, reason, now, patience))
    }

    /// A waiting customer says that it leaves for a moment; the place is kept for a while.
    pub fn leave_queue(&mut self, reason: DisconnectReason, now: Time, patience: &Patience) -> Moved {
        match self.state {
            State::Waiting { .. } => Ok(self.goes_away(Party::Member, reason, now, patience)),
            _ => Err(Refused::WrongState),
        }
    }

    fn goes_away(&mut self, party: Party, reason: DisconnectReason, now: Time, patience: &Patience) -> Vec<Event> {
        let from = self.status();
        let grace_s = match from {
            Status::Waiting => patience.waiting_grace_s,
            _ => patience.grace_s,
        };
        let since = self.away_since(now);
        let Some(side) = self.side_mut(party) else {
            return Vec::new();
        };
        if side.away().is_some() {
            return Vec::new();
        }
        side.presence = Presence::Away {
            since,
            until: now.plus_s(grace_s),
            reason,
        };
        side.seen_at = Some(now);
        if from == Status::Waiting {
            return vec![Event::Offline(party)];
        }
        vec![
            Event::Moved { from, by: party.by() },
            Event::Left(party),
            Event::Offline(party),
        ]
    }

    /// `now`, or just after the other party's absence, whose reason stays the first.
    fn away_since(&self, now: Time) -> Time {
        let after = |(since, ..): (Time, Time, _)| Time::from_ms(since.ms().saturating_add(1));
        self.first_absence().map_or(now, |first| now.max(after(first)))
    }

    fn side_mut(&mut self, party: Party) -> Option<&mut Side> {
        match (party, &mut self.state) {
            (Party::Member, State::Waiting { .. } | State::Running { .. }) => Some(&mut self.member),
            (Party::Agent, State::Running { agent, .. }) => Some(agent),
            _ => None,
        }
    }

    /// A party says that it is back. Changes nothing where it was not away.
    pub fn come_back(&mut self, party: Party, now: Time) -> Moved {
        if self.status() == Status::Completed {
            return Err(Refused::WrongState);
        }
        Ok(self.is_back(party, now))
    }

    fn is_back(&mut self, party: Party, now: Time) -> Vec<Event> {
        let from = self.status();
        let Some(side) = self.side_mut(party) else {
            return Vec::new();
        };
        side.seen_at = Some(now);
        let was_away = side.away().is_some();
        side.presence = Presence::Here;
        if !was_away {
            return Vec::new();
        }
        if from == Status::Waiting {
            return vec![Event::Online(party)];
        }
        side.announced = true;
        vec![
            Event::Moved { from, by: party.by() },
            Event::Returned(party),
            Event::Online(party),
        ]
    }

    /// A party's first live connection came.
    pub fn arrived(&mut self, party: Party, now: Time) -> Vec<Event> {
        let Some(side) = self.side_mut(party) else {
            return Vec::new();
        };
        let first = !side.connected;
        side.connected = true;
        let mut events = self.is_back(party, now);
        if first && events.is_empty() {
            events.push(Event::Online(party));
        }
        events
    }

    /// A party's last live connection ended.
    pub fn lost(&mut self, party: Party, reason: DisconnectReason, now: Time) {
        if let Some(side) = self.side_mut(party)
            && side.connected
            && side.presence == Presence::Here
        {
            side.presence = Presence::Lost { at: now, reason };
            side.seen_at = Some(now);
        }
    }

    /// The server starts, before anything is [due](Self::due): whoever ever had a connection lost it now, also who had
    /// lost it just before; who was away stays away.
    pub fn server_restarted(&mut self, now: Time) {
        for party in [Party::Member, Party::Agent] {
            self.lost(party, DisconnectReason::NetworkError, now);
            if let Some(side) = self.side_mut(party)
                && let Presence::Lost { at, .. } = &mut side.presence
            {
                *at = now;
            }
        }
    }

    /// `chat.addUser`: tells the coming once.
    pub fn announce(&mut self, party: Party) -> Vec<Event> {
        match self.side_mut(party) {
            Some(side) if !side.announced && side.away().is_none() => {
                side.announced = true;
                vec![Event::Joined(party)]
            }
            _ => Vec::new(),
        }
    }

    /// When time alone changes the session next.
    pub fn due_at(&self, patience: &Patience) -> Option<Time> {
        let agent = match &self.state {
            State::Waiting { since, alerted } => {
                let alert = (!alerted).then(|| since.plus_s(patience.long_wait_s));
                return [alert, side_due(&self.member, patience)].into_iter().flatten().min();
            }
            State::Running { agent, .. } => agent,
            State::Completed { .. } => return None,
        };
        [side_due(&self.member, patience), side_due(agent, patience)]
            .into_iter()
            .flatten()
            .min()
    }

    /// What time has done by `now`, earliest first, each at the moment it was due: how late and how often this is
    /// called makes no difference, as long as it is called before a move at `now`.
    pub fn due(&mut self, now: Time, patience: &Patience) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(at) = self.due_at(patience)
            && at <= now
        {
            events.extend(self.next_due(at, patience));
        }
        events
    }

    fn next_due(&mut self, at: Time, patience: &Patience) -> Vec<Event> {
        for party in [Party::Member, Party::Agent] {
            if let Some(side) = self.side_mut(party)
                && let Presence::Lost { reason, .. } = side.presence
                && side_due(side, patience) == Some(at)
            {
                let seen_at = side.seen_at;
                let events = self.goes_away(party, reason, at, patience);
                if let Some(side) = self.side_mut(party) {
                    side.seen_at = seen_at;
                }
                return events;
            }
        }
        match &mut self.state {
            State::Waiting { .. } if side_due(&self.member, patience) == Some(at) => self.cancelled(By::System, at),
            State::Waiting { alerted, .. } => {
                *alerted = true;
                vec![Event::LongWait]
            }
            State::Running { .. } => self.grace_over(at, patience),
            State::Completed { .. } => Vec::new(),
        }
    }

    fn grace_over(&mut self, now: Time, patience: &Patience) -> Vec<Event> {
        let moved = Event::Moved {
            from: self.status(),
            by: By::System,
        };
        if patience.requeue && self.member.away().is_none() {
            self.wait_again(now);
            return vec![moved, Event::Requeued];
        }
        let disconnect = self.absence().map(|(_, reason)| reason);
        self.complete(By::System, None, disconnect, now);
        vec![moved, Event::Ended(By::System)]
    }
}

fn side_due(side: &Side, patience: &Patience) -> Option<Time> {
    match side.presence {
        Presence::Here => None,
        Presence::Lost { at, .. } => Some(at.plus_s(patience.leave_after_s)),
        Presence::Away { until, .. } => Some(until),
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
