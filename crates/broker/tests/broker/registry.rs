//! Who is connected as whom, and hears what: against a model, while many come and go at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use broker::{Close, Counts, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::task::JoinSet;

use crate::support::{Client, PATIENCE, Server, user};

const PEOPLE: [&str; 3] = ["kim", "lee", "choi"];
const TOPICS: [&str; 4] = ["/topic/a", "/topic/b", "/topic/c", "/topic/d"];

/// What one of the many does in a round, beside all the others.
#[derive(Clone, Debug)]
enum Act {
    Connect { person: usize, topics: Vec<usize> },
    Leave(prop::sample::Index),
    LogOut(usize),
}

fn acts() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let connect = (
        0..PEOPLE.len(),
        prop::sample::subsequence((0..TOPICS.len()).collect::<Vec<_>>(), 0..TOPICS.len()),
    )
        .prop_map(|(person, topics)| Act::Connect { person, topics });
    let act = prop_oneof![
        5 => connect,
        3 => any::<prop::sample::Index>().prop_map(Act::Leave),
        1 => (0..PEOPLE.len()).prop_map(Act::LogOut),
    ];
    prop::collection::vec(prop::collection::vec(act, 1..12), 1..6)
}

struct Live {
    person: usize,
    topics: Vec<usize>,
    client: Client,
}

async fn connect(server: &Server, person: usize, topics: Vec<usize>) -> Live {
    let mut client = server.connect(PEOPLE[person]).await;
    for (id, topic) in topics.iter().enumerate() {
        client.subscribe(&id.to_string(), TOPICS[*topic]).await;
    }
    Live { person, topics, client }
}

/// What there has to be once all are settled.
fn expected(live: &[Live]) -> (Counts, HashMap<usize, usize>) {
    let mut people = HashMap::new();
    let mut topics = HashMap::new();
    for one in live {
        *people.entry(one.person).or_default() += 1;
        for topic in &one.topics {
            *topics.entry(*topic).or_insert(0) += 1;
        }
    }
    let counts = Counts {
        connections: live.len(),
        users: people.len(),
        subscriptions: topics.values().sum(),
        topics: topics.len(),
        queued_bytes: 0,
    };
    (counts, people)
}

async fn follow(rounds: Vec<Vec<Act>>) {
    let server = Arc::new(
        Server::start(Limits {
            connections_per_user: 0,
            ..Limits::default()
        })
        .await,
    );
    let mut live: Vec<Live> = Vec::new();
    for round in rounds {
        let mut coming = JoinSet::new();
        let mut logged_out = Vec::new();
        for act in round {
            match act {
                Act::Connect { person, topics } => {
                    let server = Arc::clone(&server);
                    coming.spawn(async move { connect(&server, person, topics).await });
                }
                Act::Leave(index) if !live.is_empty() => drop(live.swap_remove(index.index(live.len()))),
                Act::Leave(_) => {}
                Act::LogOut(person) => logged_out.push(person),
            }
        }
        // Those who come in this round are told of the log-out or not, as it happens: they are let go afterwards.
        let close = Close::new(4401, "logged out");
        for person in &logged_out {
            server.broker().close_user(user(PEOPLE[*person]), &close);
        }
        while let Some(came) = coming.join_next().await {
            live.extend(came.ok());
        }
        for person in &logged_out {
            server.broker().close_user(user(PEOPLE[*person]), &close);
        }
        live.retain(|one| !logged_out.contains(&one.person));
        agrees(&server, &live).await;
    }
    for one in &mut live {
        one.client.send_to("/topic/a", "still here", "r").await;
    }
    drop(live);
    agrees(&server, &[]).await;
}

async fn agrees(server: &Server, live: &[Live]) {
    let (counts, people) = expected(live);
    let settled = async {
        while server.broker().counts() != counts {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let settled = tokio::time::timeout(PATIENCE, settled).await;
    assert!(settled.is_ok(), "{:?} instead of {counts:?}", server.broker().counts());
    for (person, name) in PEOPLE.iter().enumerate() {
        let mine = server.broker().connections_of(user(name));
        assert_eq!(mine.len(), people.get(&person).copied().unwrap_or(0), "{name}");
        assert!(mine.iter().all(|connection| connection.user() == user(name)));
    }
    assert_eq!(server.broker().connections().len(), live.len());
    for (index, topic) in TOPICS.iter().enumerate() {
        let heard = live.iter().any(|one| one.topics.contains(&index));
        assert_eq!(server.broker().has_subscribers(&(*topic).into()), heard, "{topic}");
    }
}

#[test]
fn rooms_people_and_connections_never_disagree_and_empty_keys_go() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&acts(), |rounds| {
            runtime.block_on(follow(rounds));
            Ok(())
        })
        .unwrap();
}
