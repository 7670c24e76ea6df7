//! A client that never gives up: sends numbered messages, resumes where it stopped, sends again what was not answered
//! with the same `clientMessageId`, and writes everything down.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tests::checker::{Ledger, Outcome, Shown};
use tests::{Connect, Entry, Feed, Maru, Person, Receipt, Stomp};
use tokio::sync::watch;
use wire::Command;

/// Sends on the way at the same time.
const WINDOW: usize = 4;
/// Between two messages, so that a run of many kills stays small enough to check.
const PACE: Duration = Duration::from_millis(5);

pub(crate) struct Client<'a> {
    maru: &'a Maru,
    person: &'a Person,
    pub(crate) room: i64,
    ledger: Ledger,
    /// Sent, perhaps more than once, and not answered.
    unanswered: VecDeque<Line>,
    /// What this client saw, over all its connections: one stretch without a hole.
    seen: Vec<Shown>,
    /// Sends that a kill left without an answer.
    pub(crate) interrupted: usize,
    /// Why it gave up, if it did.
    pub(crate) gave_up: Option<String>,
    /// The connection that is open at the end.
    last: Option<(Stomp, Feed)>,
}

struct Line {
    id: String,
    content: String,
    attempts: usize,
}

impl<'a> Client<'a> {
    pub(crate) fn new(maru: &'a Maru, room: i64, person: &'a Person) -> Client<'a> {
        let ledger = Ledger {
            client: format!("{} in {room}", person.name),
            member_id: person.id,
            ..Ledger::default()
        };
        let (unanswered, seen) = (VecDeque::new(), Vec::new());
        Client {
            maru,
            person,
            room,
            ledger,
            unanswered,
            seen,
            interrupted: 0,
            gave_up: None,
            last: None,
        }
    }

    /// Sends until told to stop and everything is answered, over as many connections as it takes.
    pub(crate) async fn run(mut self, stopping: watch::Receiver<bool>) -> Client<'a> {
        loop {
            let connect = Connect::to(self.maru).token(&self.person.token);
            let stomp = connect.patiently().await;
            stomp.start_subscribe("errors", "/user/queue/errors", &[]);
            let cursor = self.seen.last().map_or(0, |shown| shown.seq).to_string();
            let topic = stomp.start_subscribe("room", &format!("/topic/chat/{}", self.room), &[("after-seq", &cursor)]);
            if self.talk(&stomp, &stopping).await {
                self.last = Some((stomp, topic));
                return self;
            }
            self.interrupted += self.unanswered.len();
            self.seen.extend(topic.all().iter().filter_map(shown));
            if let Some(code) = error(&stomp) {
                self.gave_up = Some(format!("{}: after {cursor} the server says {code}", self.ledger.client));
                return self;
            }
        }
    }

    /// True when there is nothing left to do, false when the connection ended first.
    async fn talk(&mut self, stomp: &Stomp, stopping: &watch::Receiver<bool>) -> bool {
        let mut receipts: VecDeque<String> = self
            .unanswered
            .iter_mut()
            .map(|line| line.send(stomp, self.room))
            .collect();
        loop {
            while receipts.len() < WINDOW && !*stopping.borrow() {
                let line = self.next_line();
                receipts.push_back(self.unanswered.push_back_mut(line).send(stomp, self.room));
            }
            let Some(receipt) = receipts.pop_front() else {
                return true;
            };
            let Some(outcome) = stomp.outcome_or_end(&receipt).await else {
                return false;
            };
            let line = self
                .unanswered
                .pop_front()
                .expect("answers come in the order of the sends");
            match outcome {
                Ok(frame) => {
                    let Receipt { message_id, seq } = Receipt::of(&frame);
                    self.ledger
                        .outcomes
                        .push((line.id, Outcome::Acknowledged { message_id, seq }));
                }
                // One that was on the way before may have been stored then.
                Err(_) if line.attempts > 1 => {}
                Err(_) => self.ledger.outcomes.push((line.id, Outcome::Refused)),
            }
            tokio::time::sleep(PACE).await;
        }
    }

    fn next_line(&mut self) -> Line {
        let number = self.ledger.invoked.len() + 1;
        let line = Line {
            id: format!("{}-{number}", self.person.id),
            content: format!("{number}번째 줄"),
            attempts: 0,
        };
        self.ledger.invoked.push((line.id.clone(), line.content.clone()));
        line
    }

    pub(crate) fn acknowledged(&self) -> usize {
        let all = self.ledger.outcomes.iter();
        all.filter(|(_, outcome)| matches!(outcome, Outcome::Acknowledged { .. }))
            .count()
    }

    /// The ledger, when this client has seen the room up to `last`.
    pub(crate) async fn finished(&self, last: i64) -> Ledger {
        let mut seen = self.seen.clone();
        if let Some((_, topic)) = &self.last
            && seen.last().is_none_or(|shown| shown.seq < last)
        {
            seen.extend(seen_up_to(topic, last).await);
        }
        Ledger {
            streams: vec![seen],
            ..self.ledger.clone()
        }
    }
}

impl Line {
    fn send(&mut self, stomp: &Stomp, room: i64) -> String {
        self.attempts += 1;
        let body = json!({ "sessionId": room, "content": self.content, "clientMessageId": self.id });
        stomp.start_send("/app/chat.sendMessage", body.to_string())
    }
}

/// The ledger of a newcomer who reads the room from its beginning.
pub(crate) async fn read_everything(maru: &Maru, room: i64, person: &Person, last: i64) -> Ledger {
    let stomp = person.stomp(maru).await;
    let topic = stomp.resume(&format!("/topic/chat/{room}"), 0).await;
    let seen = seen_up_to(&topic, last).await;
    assert_eq!(seen.first().map(|shown| shown.seq), Some(1));
    Ledger {
        client: format!("a newcomer in {room}"),
        streams: vec![seen],
        ..Ledger::default()
    }
}

async fn seen_up_to(topic: &Feed, last: i64) -> Vec<Shown> {
    let seen = || topic.all().iter().filter_map(shown).collect::<Vec<_>>();
    tests::until("the last message", || async {
        (seen().last().is_some_and(|shown| shown.seq >= last)).then_some(())
    })
    .await;
    seen()
}

/// The code of the ERROR frame, if one came.
fn error(stomp: &Stomp) -> Option<String> {
    stomp.log().iter().find_map(|entry| match entry {
        Entry::Frame(frame) if frame.command == Command::Error => frame.get("code").map(str::to_owned),
        _ => None,
    })
}

fn shown(event: &Value) -> Option<Shown> {
    (event["type"] == "MESSAGE").then(|| Shown {
        message_id: event["messageId"].as_i64().unwrap(),
        seq: event["seq"].as_i64().unwrap(),
        sender_id: event["senderId"].as_i64(),
        client_message_id: event["clientMessageId"].as_str().map(str::to_owned),
        content: event["content"].as_str().unwrap().to_owned(),
    })
}
