//! What came to one subscription.

use std::sync::Arc;

use serde_json::Value;
use wire::Command;

use super::log::{Entry, Shared};

/// The events of one subscription, read forwards.
#[derive(Clone, Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    subscription: String,
    destination: String,
    at: usize,
}

impl Feed {
    pub(super) fn new(shared: &Arc<Shared>, subscription: &str, destination: &str) -> Feed {
        Feed {
            shared: shared.clone(),
            subscription: subscription.to_owned(),
            destination: destination.to_owned(),
            at: 0,
        }
    }

    /// The subscription's id.
    pub fn id(&self) -> &str {
        &self.subscription
    }

    /// The next event from here for which `wanted` holds; those before it are passed over.
    pub async fn find(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (shared, from) = (self.shared.clone(), self.at);
        let what = format!("{what} on {}", self.destination);
        let (at, found) = shared
            .wait(&what, |log| self.events(log, from).find(|(_, event)| wanted(event)))
            .await;
        self.at = at + 1;
        found
    }

    /// The next event, whatever it is.
    pub async fn next(&mut self) -> Value {
        self.find("an event", |_| true).await
    }

    /// The next event of this `type`.
    pub async fn of_type(&mut self, kind: &str) -> Value {
        self.find(kind, |event| event["type"] == kind).await
    }

    /// The next STATE that leads to `to`.
    pub async fn state(&mut self, to: &str) -> Value {
        self.find(&format!("STATE to {to}"), |event| {
            event["type"] == "STATE" && event["to"] == to
        })
        .await
    }

    /// The next message with this content.
    pub async fn message(&mut self, content: &str) -> Value {
        self.find(&format!("{content:?}"), |event| {
            event["type"] == "MESSAGE" && event["content"] == content
        })
        .await
    }

    /// The next SYSTEM message with this code.
    pub async fn system(&mut self, code: &str) -> Value {
        self.find(&format!("the system message {code}"), |event| {
            event["system"]["code"] == code
        })
        .await
    }

    /// All events since the subscription.
    pub fn all(&self) -> Vec<Value> {
        self.events(&self.shared.log(), 0).map(|(_, event)| event).collect()
    }

    /// Events from here on that came already.
    pub fn rest(&self) -> Vec<Value> {
        self.events(&self.shared.log(), self.at)
            .map(|(_, event)| event)
            .collect()
    }

    /// Goes behind everything that came already.
    pub fn skip(&mut self) {
        self.at = self.shared.log().len();
    }

    /// The numbers of the messages that came, in order.
    pub fn seqs(&self) -> Vec<i64> {
        let messages = self.all().into_iter().filter(|event| event["type"] == "MESSAGE");
        messages.map(|event| event["seq"].as_i64().unwrap()).collect()
    }

    fn events<'a>(&'a self, log: &'a [Entry], from: usize) -> impl Iterator<Item = (usize, Value)> + 'a {
        log.iter().enumerate().skip(from).filter_map(|(at, entry)| match entry {
            Entry::Frame(frame)
                if frame.command == Command::Message && frame.get("subscription") == Some(&self.subscription) =>
            {
                let event = serde_json::from_slice(&frame.body).expect("every event is JSON");
                Some((at, event))
            }
            _ => None,
        })
    }
}
