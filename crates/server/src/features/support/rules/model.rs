//! The life of a session told once more, as naively as the wire contract tells it.
//!
//! A [`Story`] is a list of facts with their times; whatever is asked is found by reading the list. Time passes in
//! small ticks, and each of them is looked at. Where the contract leaves something open the story says so.

use super::*;

mod histories;

const CUSTOMER: i64 = 31;
const PARTIES: [Party; 2] = [Party::Member, Party::Agent];

/// What is heard: a line for each STATE, SYSTEM message, PRESENCE and LONG_WAIT.
type Told = Vec<String>;
type Outcome = Result<Told, Refused>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fact {
    Opened,
    /// An agent has it; `here` with a live connection.
    Taken {
        agent: i64,
        here: bool,
    },
    BackInQueue,
    Subscribed(Party),
    LastConnectionEnded(Party, DisconnectReason),
    Away(Party, DisconnectReason),
    Back(Party),
    /// A SYSTEM message has told that the party is here.
    Announced(Party),
    LongWait,
    Over {
        by: By,
        exit: Option<ExitReason>,
    },
}

impl Fact {
    const fn about(self) -> Option<Party> {
        match self {
            Self::Subscribed(party)
            | Self::LastConnectionEnded(party, _)
            | Self::Away(party, _)
            | Self::Back(party)
            | Self::Announced(party) => Some(party),
            _ => None,
        }
    }
}

/// What a session shows of itself.
#[derive(Debug, PartialEq)]
struct Shown {
    status: Status,
    agent: Option<i64>,
    grace_until_ms: Option<i64>,
    reason: Option<DisconnectReason>,
    exit: Option<ExitReason>,
    ended_by: Option<By>,
    end_ms: Option<i64>,
    first_taken_ms: Option<i64>,
    writers: Vec<i64>,
}

#[derive(Debug)]
struct Story {
    facts: Vec<(i64, Fact)>,
    patience: Patience,
}

impl Story {
    fn new(now: i64, patience: Patience) -> Self {
        Self {
            facts: vec![(now, Fact::Opened)],
            patience,
        }
    }

    fn note(&mut self, now: i64, fact: Fact) {
        self.facts.push((now, fact));
    }

    // What the list says.

    /// Since when it waits, or is with the agent who has it.
    fn stage(&self) -> (usize, i64, Fact) {
        let stage = |fact| matches!(fact, Fact::Opened | Fact::Taken { .. } | Fact::BackInQueue);
        let n = self.facts.iter().rposition(|(_, fact)| stage(*fact));
        let n = n.expect("the first fact is one");
        (n, self.facts[n].0, self.facts[n].1)
    }

    fn agent(&self) -> Option<i64> {
        match self.stage() {
            (.., Fact::Taken { agent, .. }) => Some(agent),
            _ => None,
        }
    }

    fn over(&self) -> Option<(i64, By, Option<ExitReason>)> {
        match self.facts.last() {
            Some((at, Fact::Over { by, exit })) => Some((*at, *by, *exit)),
            _ => None,
        }
    }

    /// The facts about a party; about the agent, since this one has the session.
    fn about(&self, party: Party) -> Vec<(usize, i64, Fact)> {
        let from = match party {
            Party::Member => 0,
            Party::Agent => self.stage().0,
        };
        let facts = self.facts.iter().enumerate().skip(from);
        facts
            .map(|(n, (at, fact))| (n, *at, *fact))
            .filter(|(.., fact)| fact.about() == Some(party))
            .collect()
    }

    fn absence(&self, party: Party) -> Option<(usize, i64, DisconnectReason)> {
        let facts = self.about(party).into_iter().rev();
        let mut comings_and_goings = facts.filter(|(.., fact)| matches!(fact, Fact::Away(..) | Fact::Back(_)));
        match comings_and_goings.next()? {
            (n, at, Fact::Away(_, reason)) => Some((n, at, reason)),
            _ => None,
        }
    }

    /// When and why its last connection ended, unless that was made up for or has become an absence.
    fn lost(&self, party: Party) -> Option<(i64, DisconnectReason)> {
        if self.absence(party).is_some() {
            return None;
        }
        let facts = self.about(party).into_iter().rev();
        let mut signs = facts.filter(|(.., fact)| !matches!(fact, Fact::Announced(_)));
        match signs.next()? {
            (_, at, Fact::LastConnectionEnded(_, reason)) => Some((at, reason)),
            _ => None,
        }
    }

    fn ever_came(&self, party: Party) -> bool {
        let came_along = matches!(self.stage().2, Fact::Taken { here: true, .. });
        let mut facts = self.about(party).into_iter();
        facts.any(|(.., fact)| matches!(fact, Fact::Subscribed(_))) || (party == Party::Agent && came_along)
    }

    /// Until when an absence may last. A customer who was away while waiting is away from the start.
    fn deadline(&self, party: Party) -> Option<i64> {
        let (_, away_at, _) = self.absence(party)?;
        Some(match self.agent() {
            None => away_at + ms(self.patience.waiting_grace_s),
            Some(_) => away_at.max(self.stage().1) + ms(self.patience.grace_s),
        })
    }

    fn somebody_is_away(&self) -> bool {
        PARTIES.iter().any(|p| self.absence(*p).is_some())
    }

    fn first_reason(&self) -> Option<DisconnectReason> {
        let absences = PARTIES.iter().filter_map(|p| self.absence(*p));
        absences.min_by_key(|(n, ..)| *n).map(|(.., reason)| reason)
    }

    fn first_deadline(&self) -> Option<i64> {
        PARTIES.iter().filter_map(|p| self.deadline(*p)).min()
    }

    fn status(&self) -> Status {
        if self.over().is_some() {
            Status::Completed
        } else if self.agent().is_none() {
            Status::Waiting
        } else if self.somebody_is_away() {
            Status::Disconnected
        } else {
            Status::Active
        }
    }

    fn writers(&self) -> Vec<i64> {
        match self.status() {
            Status::Waiting => vec![CUSTOMER],
            Status::Active | Status::Disconnected => [CUSTOMER].into_iter().chain(self.agent()).collect(),
            Status::Completed => Vec::new(),
        }
    }

    fn shown(&self) -> Shown {
        let status = self.status();
        let taken = |(at, fact): &(i64, Fact)| matches!(fact, Fact::Taken { .. }).then_some(*at);
        Shown {
            status,
            agent: self.agent(),
            grace_until_ms: match status {
                Status::Disconnected => self.first_deadline(),
                _ => None,
            },
            // A reason stays after the end, however it came (the contract says so of a grace period).
            reason: match status {
                Status::Disconnected | Status::Completed => self.first_reason(),
                _ => None,
            },
            exit: self.over().and_then(|(.., exit)| exit),
            ended_by: self.over().map(|(_, by, _)| by),
            end_ms: self.over().map(|(at, ..)| at),
            first_taken_ms: self.facts.iter().find_map(taken),
            writers: self.writers(),
        }
    }

    // What people do.

    fn state(&self, from: Status, by: By) -> String {
        state_line(from, self.status(), by)
    }

    fn start(&mut self, agent: i64, here: bool, now: i64) -> Outcome {
        match self.status() {
            Status::Waiting => {}
            Status::Completed => return Err(Refused::WrongState),
            _ if self.agent() == Some(agent) => return Ok(vec![]),
            _ => return Err(Refused::AlreadyStarted),
        }
        self.note(now, Fact::Taken { agent, here });
        let told = vec![self.state(Status::Waiting, By::Agent), "SYSTEM started".into()];
        Ok(with_online(told, here))
    }

    fn transfer(&mut self, to: Option<(i64, bool)>, now: i64) -> Outcome {
        if self.status() != Status::Active {
            return Err(Refused::WrongState);
        }
        let Some((agent, here)) = to else {
            self.note(now, Fact::BackInQueue);
            let state = self.state(Status::Active, By::Agent);
            return Ok(vec![state, "SYSTEM transferred to queue".into()]);
        };
        self.note(now, Fact::Taken { agent, here });
        let state = self.state(Status::Active, By::Agent);
        Ok(with_online(vec![state, "SYSTEM transferred to agent".into()], here))
    }

    fn cancel(&mut self, by: By, now: i64) -> Outcome {
        if self.status() != Status::Waiting {
            return Err(Refused::WrongState);
        }
        let exit = Some(ExitReason::Cancelled);
        self.note(now, Fact::Over { by, exit });
        Ok(vec![self.state(Status::Waiting, by), "SYSTEM cancelled".into()])
    }

    fn end(&mut self, by: By, exit: Option<ExitReason>, now: i64) -> Outcome {
        let from = self.status();
        if !matches!(from, Status::Active | Status::Disconnected) {
            return Err(Refused::WrongState);
        }
        self.note(now, Fact::Over { by, exit });
        let system = format!("SYSTEM ended by {}", by.as_str());
        Ok(vec![self.state(from, by), system])
    }

    fn leave(&mut self, party: Party, reason: DisconnectReason, now: i64) -> Outcome {
        match self.status() {
            Status::Active | Status::Disconnected => Ok(self.goes(party, reason, now)),
            _ => Err(Refused::WrongState),
        }
    }

    /// `chat.removeUser` of a customer who waits.
    fn leave_queue(&mut self, reason: DisconnectReason, now: i64) -> Outcome {
        match self.status() {
            Status::Waiting => Ok(self.goes(Party::Member, reason, now)),
            _ => Err(Refused::WrongState),
        }
    }

    /// A waiting session goes on waiting, so there only the presence is told.
    fn goes(&mut self, party: Party, reason: DisconnectReason, now: i64) -> Told {
        let from = self.status();
        if self.absence(party).is_some() {
            return vec![];
        }
        self.note(now, Fact::Away(party, reason));
        let offline = format!("PRESENCE {} OFFLINE", letter(party));
        if from == Status::Waiting {
            return vec![offline];
        }
        let system = format!("SYSTEM {} left", letter(party));
        vec![self.state(from, by(party)), system, offline]
    }

    fn come_back(&mut self, party: Party, now: i64) -> Outcome {
        match self.status() {
            Status::Completed => Err(Refused::WrongState),
            Status::Waiting if party == Party::Agent => Ok(vec![]),
            _ => Ok(self.comes(party, now)),
        }
    }

    fn comes(&mut self, party: Party, now: i64) -> Told {
        let from = self.status();
        let was_away = self.absence(party).is_some();
        self.note(now, Fact::Back(party));
        let online = format!("PRESENCE {} ONLINE", letter(party));
        if !was_away {
            return vec![];
        }
        if from == Status::Waiting {
            return vec![online];
        }
        self.note(now, Fact::Announced(party));
        let system = format!("SYSTEM {} returned", letter(party));
        vec![self.state(from, by(party)), system, online]
    }

    fn subscribed(&mut self, party: Party, now: i64) -> Told {
        if self.over().is_some() {
            return vec![];
        }
        let first = !self.ever_came(party);
        self.note(now, Fact::Subscribed(party));
        let told = self.comes(party, now);
        if first && told.is_empty() {
            return vec![format!("PRESENCE {} ONLINE", letter(party))];
        }
        told
    }

    fn last_connection_ended(&mut self, party: Party, reason: DisconnectReason, now: i64) {
        if self.over().is_none() {
            self.note(now, Fact::LastConnectionEnded(party, reason));
        }
    }

    fn announce(&mut self, party: Party, now: i64) -> Told {
        let announced = self.about(party).iter().any(|f| f.2 == Fact::Announced(party));
        if self.over().is_some() || announced || self.absence(party).is_some() {
            return vec![];
        }
        self.note(now, Fact::Announced(party));
        vec![format!("SYSTEM {} joined", letter(party))]
    }

    /// What had ended a connection just before stays the reason; the contract leaves that open.
    fn server_restarted(&mut self, now: i64) {
        for party in PARTIES {
            if self.over().is_none() && self.ever_came(party) && self.absence(party).is_none() {
                let reason = self.lost(party).map(|(_, reason)| reason);
                let reason = reason.unwrap_or(DisconnectReason::NetworkError);
                self.note(now, Fact::LastConnectionEnded(party, reason));
            }
        }
    }

    // What time does.

    /// Looks at one moment. While the server is down nobody's connection is judged.
    /// At the very same moment (open in the contract): who is gone is seen first, then what ends, then what is long.
    fn tick(&mut self, now: i64, server_is_up: bool) -> Told {
        let mut told = vec![];
        if self.over().is_some() {
            return told;
        }
        if server_is_up {
            for party in PARTIES {
                if let Some((at, reason)) = self.lost(party)
                    && at + ms(self.patience.leave_after_s) <= now
                {
                    told.extend(self.goes(party, reason, now));
                }
            }
        }
        if self.first_deadline().is_some_and(|until| until <= now) {
            told.extend(self.grace_over(now));
        }
        let (stage, since, _) = self.stage();
        let alerted = self.facts[stage..].iter().any(|(_, fact)| *fact == Fact::LongWait);
        if self.status() == Status::Waiting && !alerted && since + ms(self.patience.long_wait_s) <= now {
            self.note(now, Fact::LongWait);
            told.push("LONG_WAIT".into());
        }
        told
    }

    fn grace_over(&mut self, now: i64) -> Told {
        let from = self.status();
        let only_the_agent = self.absence(Party::Member).is_none();
        if from == Status::Waiting {
            return self.cancel(By::System, now).expect("it waits");
        }
        if self.patience.requeue && only_the_agent {
            self.note(now, Fact::BackInQueue);
            return vec![self.state(from, By::System), "SYSTEM requeued".into()];
        }
        self.end(By::System, None, now).expect("it runs")
    }
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap() * 1000
}

const fn by(party: Party) -> By {
    match party {
        Party::Member => By::Member,
        Party::Agent => By::Agent,
    }
}

const fn letter(party: Party) -> &'static str {
    by(party).as_str()
}

fn state_line(from: Status, to: Status, by: By) -> String {
    format!("STATE {} to {} by {}", from.as_str(), to.as_str(), by.as_str())
}

fn with_online(mut told: Told, here: bool) -> Told {
    told.extend(here.then(|| "PRESENCE A ONLINE".to_owned()));
    told
}
