use super::*;

const CUSTOMER: i64 = 31;
const AGENT: i64 = 7;
const PATIENCE: Patience = Patience {
    leave_after_s: 5,
    grace_s: 120,
    waiting_grace_s: 600,
    long_wait_s: 180,
    requeue: false,
};
const REQUEUE: Patience = Patience {
    requeue: true,
    ..PATIENCE
};

const fn at(seconds: i64) -> Time {
    Time::from_ms(seconds * 1000)
}

fn waiting() -> Case {
    let mut case = Case::open(12, CUSTOMER, at(0));
    case.arrived(Party::Member, at(0));
    case
}

/// Taken at 10 s, both connected.
fn running() -> Case {
    let mut case = waiting();
    case.start(AGENT, true, at(10), &PATIENCE).unwrap();
    case
}

fn leaves(case: &mut Case, party: Party, reason: DisconnectReason, seconds: i64) -> Vec<Event> {
    case.leave(party, reason, at(seconds), &PATIENCE).unwrap()
}

#[test]
fn second_leaving_keeps_the_first_reason_and_grace() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::Timeout, 20);
    let events = leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 30);
    let again = Event::Moved {
        from: Status::Disconnected,
        by: By::Member,
    };
    assert_eq!(events[0], again);
    assert_eq!(case.status(), Status::Disconnected);
    assert_eq!(case.absence(), Some((at(140), DisconnectReason::Timeout)));
}

#[test]
fn the_first_reason_stands_when_both_leave_in_the_same_millisecond() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::Timeout, 20);
    leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 20);
    assert_eq!(case.absence(), Some((at(140), DisconnectReason::Timeout)));
}

#[test]
fn when_the_first_returns_the_others_own_grace_shows() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::Timeout, 20);
    leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 30);
    case.come_back(Party::Agent, at(40)).unwrap();
    let own = (at(150), DisconnectReason::BrowserClose);
    assert_eq!(case.absence(), Some(own));
    case.come_back(Party::Member, at(41)).unwrap();
    assert_eq!((case.status(), case.absence()), (Status::Active, None));
}

#[test]
fn a_second_leave_of_the_same_side_changes_nothing() {
    let mut case = running();
    leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 20);
    let before = case.clone();
    assert_eq!(leaves(&mut case, Party::Member, DisconnectReason::Timeout, 25), []);
    assert_eq!(case, before);
}

#[test]
fn started_while_the_customer_is_away_counts_as_away_from_the_start() {
    let mut case = waiting();
    case.lost(Party::Member, DisconnectReason::Timeout, at(1));
    case.due(at(100), &PATIENCE);
    assert_eq!((case.status(), case.absence()), (Status::Waiting, None));
    let events = case.start(AGENT, false, at(100), &PATIENCE).unwrap();
    let moved = Event::Moved {
        from: Status::Waiting,
        by: By::Agent,
    };
    assert_eq!(events[0], moved);
    assert_eq!(case.status(), Status::Disconnected);
    assert_eq!(case.absence(), Some((at(220), DisconnectReason::Timeout)));
}

#[test]
fn a_customer_away_from_the_queue_keeps_the_place_and_is_cancelled_by_the_system() {
    let mut case = waiting();
    case.lost(Party::Member, DisconnectReason::BrowserClose, at(1));
    case.due(at(605), &PATIENCE);
    assert_eq!(case.status(), Status::Waiting);
    case.due(at(606), &PATIENCE);
    let State::Completed { by, exit, ended_at, .. } = case.state else {
        panic!("{:?}", case.state)
    };
    assert_eq!((by, exit), (By::System, Some(ExitReason::Cancelled)));
    assert_eq!(ended_at, at(606));
}

#[test]
fn both_gone_is_an_end_never_a_requeue() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::Timeout, 20);
    leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 130);
    case.due(at(140), &REQUEUE);
    let over = State::Completed {
        agent_id: Some(AGENT),
        ended_at: at(140),
        by: By::System,
        exit: None,
        disconnect: Some(DisconnectReason::Timeout),
    };
    assert_eq!(case.state, over);
}

#[test]
fn an_agent_who_does_not_return_gives_the_session_back_with_its_first_start_time() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::Timeout, 20);
    let events = case.due(at(200), &REQUEUE);
    assert_eq!(events[1], Event::Requeued);
    assert_eq!((case.status(), case.agent_id()), (Status::Waiting, None));
    assert_eq!(case.started_at, at(0));
}

#[test]
fn called_late_an_absence_still_counts_from_its_moment() {
    let mut case = running();
    case.lost(Party::Member, DisconnectReason::NetworkError, at(20));
    case.due(at(100), &PATIENCE);
    assert_eq!(case.absence(), Some((at(145), DisconnectReason::NetworkError)));
    case.due(at(9000), &PATIENCE);
    let State::Completed { ended_at, .. } = case.state else {
        panic!("{:?}", case.state)
    };
    assert_eq!(ended_at, at(145));
}

#[test]
fn back_before_leave_after_nobody_left() {
    let mut case = running();
    case.lost(Party::Member, DisconnectReason::NetworkError, at(20));
    assert_eq!(case.due(at(24), &PATIENCE), []);
    assert_eq!(case.arrived(Party::Member, at(24)), []);
    assert_eq!(case.due_at(&PATIENCE), None);
}

#[test]
fn a_side_that_never_had_a_connection_has_not_left() {
    let mut case = Case::open(12, CUSTOMER, at(0));
    case.start(AGENT, false, at(10), &PATIENCE).unwrap();
    case.server_restarted(at(20));
    assert_eq!(case.due(at(9000), &PATIENCE), []);
    assert_eq!(case.status(), Status::Active);
}

#[test]
fn a_restart_loses_the_connected_at_that_moment_and_leaves_the_away_as_they_were() {
    let mut case = running();
    leaves(&mut case, Party::Agent, DisconnectReason::BrowserClose, 20);
    case.lost(Party::Member, DisconnectReason::Timeout, at(28));
    case.server_restarted(at(60));
    assert_eq!(case.due(at(64), &PATIENCE), []);
    assert_eq!(case.absence(), Some((at(140), DisconnectReason::BrowserClose)));
    assert!(case.due(at(65), &PATIENCE).contains(&Event::Left(Party::Member)));
    case.come_back(Party::Agent, at(66)).unwrap();
    assert_eq!(case.absence(), Some((at(185), DisconnectReason::Timeout)));
}

#[test]
fn coming_back_is_its_own_announcement() {
    let mut case = running();
    leaves(&mut case, Party::Member, DisconnectReason::BrowserClose, 20);
    assert_eq!(case.announce(Party::Member), []);
    assert!(
        case.arrived(Party::Member, at(30))
            .contains(&Event::Returned(Party::Member))
    );
    assert_eq!(case.announce(Party::Member), []);
    assert_eq!(case.announce(Party::Agent), [Event::Joined(Party::Agent)]);
    assert_eq!(case.announce(Party::Agent), []);
}

#[test]
fn the_same_agent_may_start_twice_and_another_comes_too_late() {
    let mut case = running();
    assert_eq!(case.start(AGENT, true, at(11), &PATIENCE), Ok(vec![]));
    assert_eq!(case.start(8, true, at(11), &PATIENCE), Err(Refused::AlreadyStarted));
    case.end(Party::Member, ExitReason::Resolved, at(12)).unwrap();
    assert_eq!(case.start(AGENT, true, at(13), &PATIENCE), Err(Refused::WrongState));
    assert_eq!(case.come_back(Party::Member, at(13)), Err(Refused::WrongState));
}
