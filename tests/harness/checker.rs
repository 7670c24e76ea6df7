//! The judge of the kill tests: reads what clients wrote down and what the database holds, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A row of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub message_id: i64,
    pub seq: i64,
    pub sender_id: Option<i64>,
    pub client_message_id: Option<String>,
    pub content: String,
}

/// A MESSAGE as a reader saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub message_id: i64,
    pub seq: i64,
    pub sender_id: Option<i64>,
    pub client_message_id: Option<String>,
    pub content: String,
}

/// What became of a send, as its sender knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged with this id and number; a repeat may say so again.
    Acknowledged { message_id: i64, seq: i64 },
    /// An error came.
    Refused,
}

/// What one client wrote down about one room, in the order in which it happened.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The name in complaints.
    pub client: String,
    pub member_id: i64,
    /// `clientMessageId` and content of everything it tried to send, in order. Written down before sending.
    pub invoked: Vec<(String, String)>,
    /// Every answer to one of them.
    pub outcomes: Vec<(String, Outcome)>,
    /// What it saw, by connection: each a stretch of the room without a hole.
    pub streams: Vec<Vec<Shown>>,
}

/// Everything wrong with a room, in words; empty when all is well.
pub fn check(stored: &[Stored], ledgers: &[Ledger]) -> Vec<String> {
    let mut faults = Vec::new();
    let by_seq = check_store(stored, &mut faults);
    for ledger in ledgers {
        check_sent(ledger, stored, &mut faults);
        check_shown(ledger, &by_seq, &mut faults);
    }
    check_senders(stored, ledgers, &mut faults);
    faults
}

/// One row a number, numbers without a hole, ids in the order of numbers, no client message id twice.
fn check_store<'a>(stored: &'a [Stored], faults: &mut Vec<String>) -> BTreeMap<i64, &'a Stored> {
    let mut by_seq = BTreeMap::new();
    let mut repeats = BTreeSet::new();
    for row in stored {
        if by_seq.insert(row.seq, row).is_some() {
            faults.push(format!("two rows have the number {}", row.seq));
        }
        if let (Some(sender), Some(id)) = (row.sender_id, &row.client_message_id)
            && !repeats.insert((sender, id))
        {
            faults.push(format!("{id} of {sender} is stored twice"));
        }
    }
    for (expected, seq) in (1..).zip(by_seq.keys()) {
        if expected != *seq {
            faults.push(format!("the numbers have a hole before {seq}"));
            break;
        }
    }
    let ids: Vec<i64> = by_seq.values().map(|row| row.message_id).collect();
    if !ids.is_sorted_by(|a, b| a < b) {
        faults.push("ids and numbers give two orders".to_owned());
    }
    by_seq
}

/// What was acknowledged is stored as it was sent and under that number; what was refused is not stored; and in the
/// order in which the sender sent.
fn check_sent(ledger: &Ledger, stored: &[Stored], faults: &mut Vec<String>) {
    let own: HashMap<&str, &Stored> = stored
        .iter()
        .filter(|row| row.sender_id == Some(ledger.member_id))
        .filter_map(|row| Some((row.client_message_id.as_deref()?, row)))
        .collect();
    for (id, outcome) in &ledger.outcomes {
        match (outcome, own.get(id.as_str())) {
            (Outcome::Acknowledged { seq, .. }, None) => {
                faults.push(format!(
                    "{}: {id} was acknowledged as {seq} and is not stored",
                    ledger.client
                ));
            }
            (Outcome::Acknowledged { message_id, seq }, Some(row)) => {
                if (row.message_id, row.seq) != (*message_id, *seq) {
                    faults.push(format!(
                        "{}: {id} was acknowledged as {seq} and is stored as {}",
                        ledger.client, row.seq
                    ));
                }
            }
            (Outcome::Refused, Some(row)) => {
                faults.push(format!(
                    "{}: {id} was refused and is stored as {}",
                    ledger.client, row.seq
                ));
            }
            (Outcome::Refused, None) => {}
        }
    }
    let mut last = 0;
    for (id, content) in &ledger.invoked {
        let Some(row) = own.get(id.as_str()) else { continue };
        if row.content != *content {
            faults.push(format!("{}: {id} is stored with another content", ledger.client));
        }
        if row.seq < last {
            faults.push(format!("{}: {id} is stored before an earlier one", ledger.client));
        }
        last = row.seq;
    }
}

/// What was shown is stored with the same content; each stream goes up by one each time.
fn check_shown(ledger: &Ledger, by_seq: &BTreeMap<i64, &Stored>, faults: &mut Vec<String>) {
    for stream in &ledger.streams {
        for shown in stream {
            let same = by_seq.get(&shown.seq).is_some_and(|row| {
                row.message_id == shown.message_id
                    && row.content == shown.content
                    && row.sender_id == shown.sender_id
                    && row.client_message_id == shown.client_message_id
            });
            if !same {
                faults.push(format!(
                    "{}: {} ({:?}) was shown and is not stored so",
                    ledger.client, shown.seq, shown.content
                ));
            }
        }
        for pair in stream.windows(2) {
            let (before, after) = (pair[0].seq, pair[1].seq);
            if after != before + 1 {
                faults.push(format!("{}: after {before} came {after}", ledger.client));
            }
        }
    }
}

/// Nothing is stored that nobody sent.
fn check_senders(stored: &[Stored], ledgers: &[Ledger], faults: &mut Vec<String>) {
    let invoked: BTreeSet<(i64, &str)> = ledgers
        .iter()
        .flat_map(|ledger| ledger.invoked.iter().map(|(id, _)| (ledger.member_id, id.as_str())))
        .collect();
    for row in stored {
        if let (Some(sender), Some(id)) = (row.sender_id, row.client_message_id.as_deref())
            && !invoked.contains(&(sender, id))
        {
            faults.push(format!("{} of {sender} is stored and was never sent", id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENDER: i64 = 7;

    fn row(seq: i64) -> Stored {
        Stored {
            message_id: 100 + seq,
            seq,
            sender_id: Some(SENDER),
            client_message_id: Some(format!("c{seq}")),
            content: format!("text {seq}"),
        }
    }

    fn shown(row: &Stored) -> Shown {
        Shown {
            message_id: row.message_id,
            seq: row.seq,
            sender_id: row.sender_id,
            client_message_id: row.client_message_id.clone(),
            content: row.content.clone(),
        }
    }

    /// Five messages, all acknowledged, seen whole by a reader in two stretches.
    fn good() -> (Vec<Stored>, Vec<Ledger>) {
        let stored: Vec<Stored> = (1..=5).map(row).collect();
        let sender = Ledger {
            client: "sender".into(),
            member_id: SENDER,
            invoked: stored
                .iter()
                .map(|row| (row.client_message_id.clone().unwrap(), row.content.clone()))
                .collect(),
            outcomes: stored
                .iter()
                .map(|row| {
                    let outcome = Outcome::Acknowledged {
                        message_id: row.message_id,
                        seq: row.seq,
                    };
                    (row.client_message_id.clone().unwrap(), outcome)
                })
                .collect(),
            streams: Vec::new(),
        };
        let reader = Ledger {
            client: "reader".into(),
            member_id: 8,
            streams: vec![
                stored[..3].iter().map(shown).collect(),
                stored[3..].iter().map(shown).collect(),
            ],
            ..Ledger::default()
        };
        (stored, vec![sender, reader])
    }

    fn faults(plant: impl FnOnce(&mut Vec<Stored>, &mut Vec<Ledger>)) -> String {
        let (mut stored, mut ledgers) = good();
        plant(&mut stored, &mut ledgers);
        check(&stored, &ledgers).join("; ")
    }

    #[test]
    fn a_good_run_has_no_faults() {
        assert_eq!(faults(|_, _| {}), "");
    }

    #[test]
    fn an_unanswered_send_may_be_stored_or_not() {
        assert_eq!(faults(|_, ledgers| ledgers[0].outcomes.truncate(2)), "");
        assert_eq!(
            faults(|_, ledgers| ledgers[0].invoked.push(("c6".into(), "never arrived".into()))),
            ""
        );
    }

    #[test]
    fn an_acknowledged_message_that_is_missing_is_found() {
        let found = faults(|stored, ledgers| {
            stored.pop();
            ledgers[1].streams[1].pop();
        });
        assert!(found.contains("c5 was acknowledged as 5 and is not stored"), "{found}");
    }

    #[test]
    fn a_message_stored_twice_is_found() {
        let found = faults(|stored, _| {
            let again = Stored {
                message_id: 106,
                seq: 6,
                ..row(5)
            };
            stored.push(again);
        });
        assert!(found.contains("c5 of 7 is stored twice"), "{found}");
    }

    #[test]
    fn a_message_shown_twice_is_found() {
        let found = faults(|_, ledgers| {
            let again = ledgers[1].streams[0][2].clone();
            ledgers[1].streams[0].push(again);
        });
        assert!(found.contains("after 3 came 3"), "{found}");
    }

    #[test]
    fn a_hole_in_the_numbers_is_found() {
        let found = faults(|stored, ledgers| {
            stored.remove(2);
            ledgers[0].outcomes.remove(2);
            ledgers[1].streams[0].pop();
        });
        assert!(found.contains("a hole before 4"), "{found}");
    }

    #[test]
    fn a_hole_in_what_a_reader_saw_is_found() {
        let found = faults(|_, ledgers| {
            ledgers[1].streams[0].remove(1);
        });
        assert!(found.contains("after 1 came 3"), "{found}");
    }

    #[test]
    fn a_message_shown_but_not_stored_is_found() {
        let found = faults(|_, ledgers| ledgers[1].streams[1].push(shown(&row(6))));
        assert!(
            found.contains("6 (\"text 6\") was shown and is not stored so"),
            "{found}"
        );
    }

    #[test]
    fn a_message_shown_with_another_content_is_found() {
        let found = faults(|_, ledgers| ledgers[1].streams[0][0].content = "something else".into());
        assert!(found.contains("was shown and is not stored so"), "{found}");
    }

    #[test]
    fn another_order_for_a_reader_is_found() {
        let found = faults(|_, ledgers| ledgers[1].streams[0].swap(0, 1));
        assert!(found.contains("after 2 came 1"), "{found}");
    }

    #[test]
    fn another_order_than_the_sender_s_is_found() {
        let found = faults(|_, ledgers| ledgers[0].invoked.swap(0, 1));
        assert!(found.contains("stored before an earlier one"), "{found}");
    }

    #[test]
    fn two_rows_with_one_number_are_found() {
        let found = faults(|stored, _| stored[4].seq = 4);
        assert!(found.contains("two rows have the number 4"), "{found}");
    }

    #[test]
    fn a_number_that_changed_after_the_receipt_is_found() {
        let found = faults(|_, ledgers| {
            ledgers[0].outcomes[0].1 = Outcome::Acknowledged {
                message_id: 101,
                seq: 2,
            };
        });
        assert!(found.contains("c1 was acknowledged as 2 and is stored as 1"), "{found}");
    }

    #[test]
    fn a_refused_message_that_is_stored_is_found() {
        let found = faults(|_, ledgers| ledgers[0].outcomes[0].1 = Outcome::Refused);
        assert!(found.contains("c1 was refused and is stored"), "{found}");
    }

    #[test]
    fn a_message_of_nobody_is_found() {
        let found = faults(|_, ledgers| {
            ledgers[0].invoked.pop();
            ledgers[0].outcomes.pop();
        });
        assert!(found.contains("c5 of 7 is stored and was never sent"), "{found}");
    }
}
