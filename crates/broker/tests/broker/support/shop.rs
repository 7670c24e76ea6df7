//! The program behind the broker.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use broker::{
    Accepted, App, Broker, Cause, Completion, Connection, Grant, Publication, Refusal, RefusedAt, SendFrame, Topic,
};
use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use wire::Frame;

use super::PATIENCE;

/// Stores what is sent to `/app/store/{topic}`, and tells its test what the broker told it.
pub(crate) struct Shop {
    pub(super) broker: OnceLock<Arc<Broker<Shop>>>,
    history: Mutex<HashMap<Topic, Vec<Publication>>>,
    /// From a commit to its publication, so that the order of publishing is the order of committing.
    publishing: tokio::sync::Mutex<()>,
    notes: Mutex<Vec<String>>,
    noted: Notify,
    /// May subscribe to nothing.
    pub(crate) banned: Mutex<HashSet<String>>,
    /// How often history was read.
    pub(crate) replays: AtomicUsize,
    /// Lets go of sends to `/app/gate`.
    pub(crate) gate: Notify,
}

impl Shop {
    pub(super) fn new() -> Shop {
        Shop {
            broker: OnceLock::new(),
            history: Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
            notes: Mutex::default(),
            noted: Notify::new(),
            banned: Mutex::default(),
            replays: AtomicUsize::new(0),
            gate: Notify::new(),
        }
    }

    pub(crate) fn broker(&self) -> &Arc<Broker<Shop>> {
        self.broker.get().expect("a started shop has its broker")
    }

    fn note(&self, note: String) {
        self.notes.lock().unwrap().push(note);
        self.noted.notify_waiters();
    }

    /// Forgets what was told so far.
    pub(crate) fn forget(&self) {
        self.notes.lock().unwrap().clear();
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap().clone()
    }

    /// Waits until the broker told this.
    pub(crate) async fn noted(&self, note: &str) {
        let wait = async {
            loop {
                let noted = self.noted.notified();
                if self.notes().iter().any(|known| known == note) {
                    return;
                }
                let _ = timeout(Duration::from_millis(20), noted).await;
            }
        };
        if timeout(PATIENCE, wait).await.is_err() {
            panic!("never noted {note:?}, but {:?}", self.notes());
        }
    }

    /// Commits and publishes nothing.
    pub(crate) fn commit(&self, topic: &Topic, body: String) -> Publication {
        let mut history = self.history.lock().unwrap();
        let history = history.entry(topic.clone()).or_default();
        let position = history.len() as u64 + 1;
        history.push(Publication::json(body).with_message_id(position).at(position));
        history[history.len() - 1].clone()
    }

    /// Commits, then publishes, with `pause` between: whoever resumes in the pause finds it in history and live.
    pub(crate) async fn store(&self, topic: &Topic, body: String, pause: Duration) -> u64 {
        let _order = self.publishing.lock().await;
        let publication = self.commit(topic, body);
        if !pause.is_zero() {
            sleep(pause).await;
        }
        self.broker().publish(topic, &publication);
        publication.position.unwrap()
    }
}

/// The number of the person with this name.
pub(crate) fn user(name: &str) -> i64 {
    name.bytes().map(i64::from).sum()
}

pub(super) fn person(name: &str, expires_ms: Option<impl AsRef<str>>) -> Accepted<String> {
    let expires_at = expires_ms.map(|ms| SystemTime::now() + Duration::from_millis(ms.as_ref().parse().unwrap()));
    Accepted {
        user: user(name),
        user_name: name.to_owned(),
        identity: name.to_owned(),
        expires_at,
    }
}

impl App for Shop {
    type Identity = String;
    type Handshake = ();

    async fn connect(&self, (): &(), frame: &Frame) -> Result<Accepted<String>, Refusal> {
        let name = frame.get("login").unwrap_or("guest").to_owned();
        if name == "stranger" {
            return Err(Refusal::new("unauthenticated", "Who are you?"));
        }
        if name == "undecided" {
            std::future::pending::<()>().await;
        }
        Ok(person(&name, frame.get("expires-ms")))
    }

    async fn connected(&self, connection: &Arc<Connection<Shop>>) {
        self.note(format!("connected {}", connection.identity()));
    }

    async fn subscribe(
        &self,
        c: &Arc<Connection<Shop>>,
        destination: &str,
        after: Option<&str>,
    ) -> Result<Grant, Refusal> {
        if destination == "/topic/forbidden" || self.banned.lock().unwrap().contains(c.identity()) {
            return Err(Refusal::new("forbidden", "Not for you: ever."));
        }
        if destination == "/topic/considered" {
            // Time between the decision and its effect.
            sleep(Duration::from_millis(2)).await;
        }
        let topic = match destination.strip_prefix("/user") {
            Some(own) => Topic::from(format!("/user/{}{own}", c.user())),
            None => Topic::from(destination),
        };
        Ok(Grant {
            resume_after: after.map(|after| after.parse().unwrap()),
            greeting: destination.ends_with("/greeted").then(|| Publication::json("welcome")),
            topic,
        })
    }

    async fn subscribed(&self, c: &Arc<Connection<Shop>>, topic: &Topic) {
        self.note(format!("subscribed {} {topic}", c.identity()));
    }

    async fn unsubscribed(&self, c: &Arc<Connection<Shop>>, topic: &Topic, cause: Cause) {
        self.note(format!("unsubscribed {} {topic} {cause:?}", c.identity()));
    }

    async fn send(&self, c: &Arc<Connection<Shop>>, send: SendFrame) -> Result<Completion, Refusal> {
        let body = String::from_utf8_lossy(&send.body).into_owned();
        self.note(format!("sent {} {body}", send.destination()));
        if let Some(topic) = send.destination().strip_prefix("/app/store") {
            let position = self.store(&Topic::from(topic), body, Duration::ZERO).await;
            return Ok(Completion::Done(vec![("seq", position.to_string())]));
        }
        match send.destination() {
            "/app/gate" => {
                let gate = self.broker().app().clone();
                let refused = body == "refuse";
                let completion = async move {
                    gate.gate.notified().await;
                    if refused {
                        Err(Refusal::new("too_late", "Too late."))
                    } else {
                        Ok(Vec::new())
                    }
                };
                Ok(Completion::Later(Box::pin(completion)))
            }
            "/app/refuse" | "/topic/picky" => {
                Err(Refusal::new("empty_content", "There is nothing in it.").with("clientMessageId", body))
            }
            "/app/panic" => panic!("on purpose"),
            "/app/slow" => {
                sleep(Duration::from_millis(300)).await;
                Ok(Completion::done())
            }
            destination => {
                let topic = Topic::from(destination);
                self.broker().publish(&topic, &Publication::json(send.body.clone()));
                self.note(format!("published by {}", c.identity()));
                Ok(Completion::done())
            }
        }
    }

    async fn replay(&self, topic: &Topic, after: u64, limit: usize) -> Result<Vec<Publication>, Refusal> {
        self.replays.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let history = self.history.lock().unwrap();
        let Some(history) = history.get(topic) else {
            return Ok(Vec::new());
        };
        Ok(history.iter().skip(after as usize).take(limit).cloned().collect())
    }

    async fn level(&self, _: &Arc<Connection<Shop>>, topic: &Topic) -> Result<Option<Publication>, Refusal> {
        tokio::task::yield_now().await;
        let at = self.history.lock().unwrap().get(topic).map_or(0, Vec::len) as u64;
        tokio::task::yield_now().await;
        Ok(Some(Publication::json(format!("SYNC {at}")).at(at)))
    }

    fn errors_topic(&self, c: &Arc<Connection<Shop>>) -> Topic {
        Topic::from(format!("/user/{}/queue/errors", c.user()))
    }

    async fn closed(&self, c: &Arc<Connection<Shop>>, cause: Cause) {
        self.note(format!("closed {} {cause:?}", c.identity()));
    }

    fn refusal_body(&self, refusal: &Refusal, at: RefusedAt<'_, Shop>) -> Bytes {
        let part = |name: &str, value: Option<&str>| value.map(|value| format!(" {name}={value}")).unwrap_or_default();
        let mut body = refusal.code.to_owned();
        body += &part("destination", at.destination());
        body += &part("receipt", at.receipt());
        body += &part("clientMessageId", refusal.detail("clientMessageId"));
        body.into()
    }
}
