//! Random histories that hold the rules to the [`Story`]: two sessions side by side, people with several tabs, time
//! in half seconds, a server that is killed and started again.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const TICK_MS: i64 = 500;
const AGENTS: [i64; 2] = [7, 8];
const DESKS: usize = 2;

fn shown(case: &Case) -> Shown {
    let absence = case.absence();
    let (exit, ended_by, end_ms, kept) = match case.state {
        State::Completed {
            ended_at,
            by,
            exit,
            disconnect,
            ..
        } => (exit, Some(by), Some(ended_at.ms()), disconnect),
        _ => (None, None, None, None),
    };
    let people = [CUSTOMER].into_iter().chain(AGENTS);
    let open = case.status() != Status::Completed;
    Shown {
        status: case.status(),
        agent: case.agent_id(),
        grace_until_ms: absence.map(|(until, _)| until.ms()),
        reason: absence.map(|(_, reason)| reason).or(kept),
        exit,
        ended_by,
        end_ms,
        first_taken_ms: case.first_taken_at.map(Time::ms),
        writers: people
            .filter(|person| open && case.party_of(*person).is_some())
            .collect(),
    }
}

fn told(events: &[Event], now_is: Status) -> Told {
    let next = |later: &[Event]| {
        later.iter().find_map(|event| match event {
            Event::Moved { from, .. } => Some(*from),
            _ => None,
        })
    };
    let line = |(n, event): (usize, &Event)| match *event {
        Event::Moved { from, by } => state_line(from, next(&events[n + 1..]).unwrap_or(now_is), by),
        Event::Started => "SYSTEM started".into(),
        Event::Joined(party) => format!("SYSTEM {} joined", letter(party)),
        Event::Left(party) => format!("SYSTEM {} left", letter(party)),
        Event::Returned(party) => format!("SYSTEM {} returned", letter(party)),
        Event::TransferredToQueue => "SYSTEM transferred to queue".into(),
        Event::TransferredToAgent => "SYSTEM transferred to agent".into(),
        Event::Requeued => "SYSTEM requeued".into(),
        Event::Cancelled => "SYSTEM cancelled".into(),
        Event::Ended(by) => format!("SYSTEM ended by {}", by.as_str()),
        Event::Online(party) => format!("PRESENCE {} ONLINE", letter(party)),
        Event::Offline(party) => format!("PRESENCE {} OFFLINE", letter(party)),
        Event::LongWait => "LONG_WAIT".into(),
    };
    events.iter().enumerate().map(line).collect()
}

#[derive(Clone, Copy, Debug)]
enum Act {
    OpenTab(i64),
    CloseTab(i64, DisconnectReason),
    Start(i64),
    Transfer(Option<i64>),
    Cancel,
    End(Party, ExitReason),
    Leave(Party, DisconnectReason),
    LeaveQueue(DisconnectReason),
    Return(Party),
    Announce(Party),
    Restart { down_ticks: i64 },
}

/// When `due` is called while time passes. It is always called before a move.
#[derive(Clone, Copy, Debug)]
enum Pace {
    OnTime,
    /// A millisecond before each due time too.
    Early,
    /// Only when the next move comes.
    Late,
    /// Every half second, twice.
    Often,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    wait_ticks: i64,
    pace: Pace,
    desk: usize,
    act: Act,
}

fn act() -> impl Strategy<Value = Act> {
    let person = select(vec![CUSTOMER, CUSTOMER, AGENTS[0], AGENTS[0], AGENTS[1]]);
    let agent = select(vec![AGENTS[0], AGENTS[0], AGENTS[1]]);
    let party = select(PARTIES.to_vec());
    let reason = select(DisconnectReason::ALL.to_vec());
    let exit = select(ExitReason::ALL.to_vec());
    prop_oneof![
        6 => person.clone().prop_map(Act::OpenTab),
        6 => (person, reason.clone()).prop_map(|(who, why)| Act::CloseTab(who, why)),
        5 => agent.clone().prop_map(Act::Start),
        2 => proptest::option::of(agent).prop_map(Act::Transfer),
        1 => Just(Act::Cancel),
        1 => (party.clone(), exit).prop_map(|(who, exit)| Act::End(who, exit)),
        4 => (party.clone(), reason.clone()).prop_map(|(who, why)| Act::Leave(who, why)),
        1 => reason.prop_map(Act::LeaveQueue),
        3 => party.clone().prop_map(Act::Return),
        3 => party.prop_map(Act::Announce),
        1 => (0..60_i64).prop_map(|down_ticks| Act::Restart { down_ticks }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let wait_ticks = prop_oneof![4 => Just(0), 5 => 1..=8_i64, 1 => 9..=50_i64];
    let pace = select(vec![Pace::OnTime, Pace::Early, Pace::Late, Pace::Often]);
    (wait_ticks, pace, 0..DESKS, act()).prop_map(|(wait_ticks, pace, desk, act)| Step {
        wait_ticks,
        pace,
        desk,
        act,
    })
}

fn patience() -> impl Strategy<Value = Patience> {
    let leave_after_s = select(vec![0, 1, 2, 5_u64]);
    let grace_s = select(vec![0, 1, 3, 10_u64]);
    let waiting_grace_s = select(vec![0, 1, 5, 20_u64]);
    let long_wait_s = select(vec![0, 1, 4, 15_u64]);
    let all = (leave_after_s, grace_s, waiting_grace_s, long_wait_s, any::<bool>());
    all.prop_map(
        |(leave_after_s, grace_s, waiting_grace_s, long_wait_s, requeue)| Patience {
            leave_after_s,
            grace_s,
            waiting_grace_s,
            long_wait_s,
            requeue,
        },
    )
}

/// A session under the rules, and its story.
#[derive(Debug)]
struct Desk {
    case: Case,
    story: Story,
    tabs: HashMap<i64, u32>,
}

impl Desk {
    fn open(session_id: i64, now: i64, patience: Patience) -> Self {
        Self {
            case: Case::open(session_id, CUSTOMER, Time::from_ms(now)),
            story: Story::new(now, patience),
            tabs: HashMap::new(),
        }
    }

    fn due(&mut self, now: i64) -> Told {
        let events = self.case.due(Time::from_ms(now), &self.story.patience);
        told(&events, self.case.status())
    }

    /// Time passes for the rules at a pace, for the story tick by tick.
    fn pass(&mut self, from: i64, to: i64, pace: Pace) -> Result<(), TestCaseError> {
        let mut heard = vec![];
        let mut expected = vec![];
        for now in ticks(from, to) {
            expected.extend(self.story.tick(now, true));
            if matches!(pace, Pace::Often) {
                heard.extend(self.due(now));
                heard.extend(self.due(now));
            }
        }
        let patience = self.story.patience;
        while matches!(pace, Pace::OnTime | Pace::Early)
            && let Some(at) = self.case.due_at(&patience)
            && at.ms() <= to
        {
            if matches!(pace, Pace::Early) {
                prop_assert_eq!(self.due(at.ms() - 1), Told::new());
            }
            heard.extend(self.due(at.ms()));
        }
        heard.extend(self.due(to));
        prop_assert_eq!(heard, expected);
        self.check(to)
    }

    fn check(&mut self, now: i64) -> Result<(), TestCaseError> {
        prop_assert_eq!(shown(&self.case), self.story.shown());
        let before = self.case.clone();
        let due_at = self.case.due_at(&self.story.patience);
        prop_assert!(due_at.is_none_or(|at| at.ms() > now), "{:?} is past", due_at);
        prop_assert_eq!(self.due(now), Told::new());
        prop_assert_eq!(&self.case, &before);
        Ok(())
    }

    fn act(&mut self, act: Act, now: i64) -> Result<(), TestCaseError> {
        let before = self.case.clone();
        let (moved, mut expected) = self.both(act, now);
        let mut heard = moved.map(|events| told(&events, self.case.status()));
        if heard.is_err() {
            prop_assert_eq!(&self.case, &before);
        }
        if let (Ok(heard), Ok(expected)) = (&mut heard, &mut expected) {
            heard.extend(self.due(now));
            expected.extend(self.story.tick(now, true));
        }
        prop_assert_eq!(heard, expected);
        self.check(now)
    }

    /// The same act for the rules and for the story.
    fn both(&mut self, act: Act, now: i64) -> (Moved, Outcome) {
        let here = |agent| self.tabs.get(&agent).is_some_and(|tabs| *tabs > 0);
        let at = Time::from_ms(now);
        let (case, story) = (&mut self.case, &mut self.story);
        let patience = story.patience;
        match act {
            Act::OpenTab(person) => self.open_tab(person, now),
            Act::CloseTab(person, reason) => self.close_tab(person, reason, now),
            Act::Start(agent) => (
                case.start(agent, here(agent), at, &patience),
                story.start(agent, here(agent), now),
            ),
            Act::Transfer(to) => {
                let to = to.map(|agent| (agent, here(agent)));
                (case.transfer(to, at), story.transfer(to, now))
            }
            Act::Cancel => (case.cancel(at), story.cancel(By::Member, now)),
            Act::End(party, exit) => (case.end(party, exit, at), story.end(by(party), Some(exit), now)),
            Act::Leave(party, reason) => (
                case.leave(party, reason, at, &patience),
                story.leave(party, reason, now),
            ),
            Act::LeaveQueue(reason) => (case.leave_queue(reason, at, &patience), story.leave_queue(reason, now)),
            Act::Return(party) => (case.come_back(party, at), story.come_back(party, now)),
            Act::Announce(Party::Agent) if story.agent().is_none() => (Ok(vec![]), Ok(vec![])),
            Act::Announce(party) => (Ok(case.announce(party)), Ok(story.announce(party, now))),
            Act::Restart { .. } => (Ok(vec![]), Ok(vec![])),
        }
    }

    fn open_tab(&mut self, person: i64, now: i64) -> (Moved, Outcome) {
        *self.tabs.entry(person).or_default() += 1;
        match self.party(person) {
            Some(party) => (
                Ok(self.case.arrived(party, Time::from_ms(now))),
                Ok(self.story.subscribed(party, now)),
            ),
            None => (Ok(vec![]), Ok(vec![])),
        }
    }

    /// While another tab or device is open nobody left.
    fn close_tab(&mut self, person: i64, reason: DisconnectReason, now: i64) -> (Moved, Outcome) {
        let tabs = self.tabs.entry(person).or_default();
        let last = *tabs == 1;
        *tabs = tabs.saturating_sub(1);
        if let (true, Some(party)) = (last, self.party(person)) {
            self.case.lost(party, reason, Time::from_ms(now));
            self.story.last_connection_ended(party, reason, now);
        }
        (Ok(vec![]), Ok(vec![]))
    }

    fn party(&self, person: i64) -> Option<Party> {
        match person {
            CUSTOMER => Some(Party::Member),
            agent => (self.story.agent() == Some(agent)).then_some(Party::Agent),
        }
    }

    /// The server is killed after `from` and is there again at `to`.
    fn restart(&mut self, from: i64, to: i64) -> Result<(), TestCaseError> {
        self.tabs.clear();
        let down = ticks(from, to - TICK_MS).flat_map(|now| self.story.tick(now, false));
        let mut expected: Told = down.collect();
        self.story.server_restarted(to);
        expected.extend(self.story.tick(to, true));
        self.case.server_restarted(Time::from_ms(to));
        prop_assert_eq!(self.due(to), expected);
        self.check(to)
    }
}

/// The moments from `from` up to `to`.
fn ticks(from: i64, to: i64) -> impl Iterator<Item = i64> {
    (0..=(to - from) / TICK_MS).map(move |n| from + n * TICK_MS)
}

/// Sessions side by side, one clock.
struct House {
    now: i64,
    patience: Patience,
    opened: i64,
    desks: Vec<Desk>,
}

impl House {
    fn new(patience: Patience) -> Self {
        let mut house = Self {
            now: 1_000_000,
            patience,
            opened: 0,
            desks: Vec::new(),
        };
        house.desks = (0..DESKS).map(|_| house.open()).collect();
        house
    }

    /// A later session may have the lower number.
    fn open(&mut self) -> Desk {
        self.opened += 1;
        Desk::open(self.opened * 37 % 101, self.now, self.patience)
    }

    fn live(&mut self, step: Step) -> Result<(), TestCaseError> {
        let from = self.now;
        self.now += step.wait_ticks * TICK_MS;
        for desk in &mut self.desks {
            desk.pass(from, self.now, step.pace)?;
        }
        if let Act::Restart { down_ticks } = step.act {
            let from = self.now;
            self.now += down_ticks * TICK_MS;
            for desk in &mut self.desks {
                desk.restart(from, self.now)?;
            }
        }
        self.desks[step.desk].act(step.act, self.now)?;
        self.check_queue()?;
        if self.desks[step.desk].story.over().is_some() && step.wait_ticks > 2 {
            self.desks[step.desk] = self.open();
            self.desks[step.desk].pass(self.now, self.now, step.pace)?;
        }
        Ok(())
    }

    fn check_queue(&self) -> Result<(), TestCaseError> {
        let waiting = |desk: &&Desk| desk.story.status() == Status::Waiting;
        let queue = self.desks.iter().filter(waiting);
        let mut cases: Vec<&Case> = queue.clone().map(|desk| &desk.case).collect();
        cases.sort_by_key(|case| (case.started_at, case.session_id));
        let mut stories: Vec<_> = queue
            .map(|desk| (desk.story.facts[0].0, desk.case.session_id))
            .collect();
        stories.sort_unstable();
        let ids = cases.iter().map(|case| case.session_id);
        let expected = stories.iter().map(|(_, id)| *id);
        prop_assert!(ids.eq(expected));
        Ok(())
    }
}

fn thousands() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig {
        cases: config.cases.max(3000),
        failure_persistence: None,
        ..config
    }
}

proptest! {
    #![proptest_config(thousands())]

    #[test]
    fn random_histories_go_as_the_contract_says(
        patience in patience(),
        steps in vec(step(), 1..60),
    ) {
        let mut house = House::new(patience);
        for step in steps {
            house.live(step)?;
        }
    }
}
