//! What each frame of a client does.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt;
use tokio::time::Instant;
use tracing::Instrument as _;
use wire::{Command, Frame, Headers, Version};

use super::ending::{Ending, Fault, Stage};
use super::inbound::Inbound;
use super::resume::{Stopped, resume};
use super::{Driver, Request, Todo};
use crate::connection::Socket;
use crate::dialect::Dialect;
use crate::negotiation::{self, Disagreement, Negotiated};
use crate::outbox::Class;
use crate::subscription::{Acknowledging, Bounds, Subscribing, Subscription};
use crate::transport::Transport;
use crate::{Accepted, App, BoxFuture, Broker, Cause, Completion, Connection, Refusal, SendFrame, code};

/// What came of the app's call for a frame.
pub(super) enum Step<A: App> {
    /// CONNECT: let in by the app, not yet by the registry.
    Accepted {
        person: Accepted<A::Identity>,
        agreed: Negotiated,
    },
    /// The app knows of the connection.
    Connected(Connected),
    Sent {
        result: Result<Completion, Refusal>,
        headers: Arc<Headers>,
    },
    /// Done, to be answered.
    Done(Arc<Headers>),
    /// Done; nobody asked for it.
    Nothing,
    Failed(Fault),
    /// The connection ended meanwhile.
    Ended,
}

impl<A: App> Step<A> {
    /// The first of a raw connection.
    pub(super) fn accepted_raw(person: Accepted<A::Identity>) -> Step<A> {
        Step::Accepted {
            person,
            agreed: Negotiated::NOTHING,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Connected {
    agreed: Negotiated,
    expires_at: Option<SystemTime>,
}

type Outcome = Result<(), Fault>;

fn invalid(message: &'static str) -> Fault {
    Fault::new(code::INVALID_REQUEST, message)
}

fn required<'a>(headers: &'a Headers, name: &str, missing: &'static str) -> Result<&'a str, Fault> {
    headers.get(name).ok_or_else(|| invalid(missing))
}

impl<A: App, T: Transport> Driver<A, T> {
    pub(super) fn on_frame(&mut self, request: Request) {
        let headers = Arc::clone(&request.headers);
        if let Err(fault) = self.try_frame(request) {
            self.fail(Fault {
                headers: Some(headers),
                ..fault
            });
        }
    }

    /// A frame whose time has come after all.
    pub(super) fn perform(&mut self, todo: Todo) {
        match todo {
            Todo::Answer(headers) => self.answer(&headers, &Vec::new()),
            Todo::Frame(request) => {
                let headers = Arc::clone(&request.headers);
                if let Err(fault) = self.take_effect(request) {
                    self.fail(Fault {
                        headers: Some(headers),
                        ..fault
                    });
                }
            }
        }
    }

    fn try_frame(&mut self, request: Request) -> Outcome {
        match (request.command, &self.person) {
            (Command::Connect | Command::Stomp, None) => self.connect(request),
            (Command::Connect | Command::Stomp, Some(_)) => Err(invalid("The connection is connected already.")),
            (_, None) => Err(invalid("The first frame has to be CONNECT.")),
            (Command::Send | Command::Ack | Command::Nack, Some(_)) => self.now_or_at_commit(request),
            (Command::Subscribe, Some(person)) => {
                let person = Arc::clone(person);
                self.subscribe(person, request.headers)
            }
            (Command::Unsubscribe, Some(person)) => {
                let person = Arc::clone(person);
                self.unsubscribe(person, request.headers)
            }
            (Command::Begin | Command::Commit | Command::Abort, Some(_)) => self.transaction(request),
            (Command::Disconnect, Some(_)) => {
                self.disconnect(&request.headers);
                Ok(())
            }
            (Command::Message | Command::Receipt | Command::Connected | Command::Error, Some(_)) => {
                Err(invalid("Only servers send such a frame."))
            }
        }
    }

    /// Calls the app. What is logged meanwhile carries the connection's number. If the app panics only this connection
    /// ends.
    pub(super) fn begin(&mut self, work: impl Future<Output = Step<A>> + Send + 'static) {
        self.work = Some(self.watched(work));
    }

    pub(super) fn watched(&self, work: impl Future<Output = Step<A>> + Send + 'static) -> BoxFuture<Step<A>> {
        let watched = async move {
            AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
                tracing::error!("a call of the app panicked");
                Step::Failed(Fault::new(code::UNAVAILABLE, "Something went wrong here."))
            })
        };
        let span = tracing::info_span!("connection", id = self.id);
        Box::pin(watched.instrument(span))
    }

    fn connect(&mut self, request: Request) -> Outcome {
        let limits = self.broker.limits();
        let agreed = negotiation::negotiate(&request.headers, limits.heart_beat).map_err(disagreement)?;
        let (broker, handshake) = (Arc::clone(&self.broker), Arc::clone(&self.handshake));
        self.begin(async move {
            let headers = Arc::clone(&request.headers);
            let frame = Frame {
                command: request.command,
                headers: Arc::unwrap_or_clone(request.headers),
                body: request.body,
            };
            match broker.app().connect(&handshake, &frame).await {
                Ok(person) => Step::Accepted { person, agreed },
                Err(refusal) => Step::Failed(Fault {
                    headers: Some(headers),
                    ..refusal.into()
                }),
            }
        });
        Ok(())
    }

    /// The result of the app's call for the frame at hand.
    pub(super) fn take_step(&mut self, step: Step<A>) {
        match step {
            Step::Accepted { person, agreed } if matches!(self.stage, Stage::Running) => {
                if let Err(refusal) = self.admit(person, agreed) {
                    self.fail(refusal.into());
                }
            }
            Step::Connected(connected) if matches!(self.stage, Stage::Running) => self.connected(connected),
            Step::Accepted { .. } | Step::Connected(_) | Step::Nothing | Step::Ended => {}
            Step::Sent { result, headers } => self.sent(result, headers),
            Step::Done(headers) => self.answer(&headers, &Vec::new()),
            Step::Failed(fault) => self.fail(fault),
        }
    }

    fn admit(&mut self, person: Accepted<A::Identity>, agreed: Negotiated) -> Result<(), Refusal> {
        let expires_at = person.expires_at;
        let socket = Socket {
            id: self.id,
            handshake: Arc::clone(&self.handshake),
            hub: Arc::clone(self.broker.hub()),
            outbox: Arc::clone(&self.outbox),
        };
        let dialect = if self.inbound.is_raw() {
            Dialect::Raw
        } else {
            Dialect::Stomp(agreed.version)
        };
        let person = Arc::new(Connection::new(socket, dialect, person));
        self.broker.registry().admit(&person, self.broker.limits())?;
        self.person = Some(Arc::clone(&person));
        let broker = Arc::clone(&self.broker);
        self.begin(async move {
            broker.app().connected(&person).await;
            Step::Connected(Connected { agreed, expires_at })
        });
        Ok(())
    }

    fn connected(&mut self, connected: Connected) {
        let Some(person) = &self.person else {
            unreachable!("connected follows admitted");
        };
        let person = Arc::clone(person);
        let expires_at = connected.expires_at.map(|at| {
            let left = at.duration_since(SystemTime::now()).unwrap_or_default();
            // A log-in for ever is one beyond what the clock can count.
            Instant::now().checked_add(left)
        });
        self.pulse.connected(connected.agreed, expires_at.flatten());
        match &mut self.inbound {
            Inbound::Stomp(decoder) => {
                decoder.set_version(connected.agreed.version);
                let heart_beat = self.broker.limits().heart_beat;
                let frame = negotiation::connected(connected.agreed.version, heart_beat, person.user_name());
                self.outbox.push(self.encode(&frame), Class::Answer);
            }
            Inbound::Raw { subscribe, .. } => {
                let headers = Arc::clone(subscribe);
                if let Err(fault) = self.subscribe(person, headers) {
                    self.fail(fault);
                }
            }
        }
    }

    fn subscribe(&mut self, person: Arc<Connection<A>>, headers: Arc<Headers>) -> Outcome {
        let subscribing = self.subscribing(&person, &headers)?;
        let broker = Arc::clone(&self.broker);
        self.begin(async move {
            let stopped = match subscribe(&broker, &person, subscribing, headers.get("after-seq")).await {
                Ok(()) => return Step::Done(headers),
                Err(stopped) => stopped,
            };
            match stopped {
                Stopped::Ended => Step::Ended,
                // Revoked while it was brought level: nobody was told of it, and nobody has to be.
                Stopped::Over => Step::Done(headers),
                Stopped::Refused(refusal) => Step::Failed(Fault {
                    headers: Some(headers),
                    ..refusal.into()
                }),
            }
        });
        Ok(())
    }

    fn subscribing(&mut self, person: &Connection<A>, headers: &Headers) -> Result<Subscribing, Fault> {
        let limits = self.broker.limits();
        let destination = required(headers, "destination", "SUBSCRIBE needs a destination.")?;
        let id = headers.get("id");
        if id.is_none() && person.dialect() != Dialect::Stomp(Version::V1_0) {
            return Err(invalid("SUBSCRIBE needs an id."));
        }
        let is_used = |other: &Subscription| match id {
            Some(id) => other.id.as_deref() == Some(id),
            None => other.id.is_none() && *other.destination == *destination,
        };
        if person.find(is_used).is_some() {
            return Err(invalid("The subscription id is in use."));
        }
        if person.subscription_count() >= limits.subscriptions_max {
            return Err(Fault::new(
                code::TOO_MANY_SUBSCRIPTIONS,
                "The connection has too many subscriptions.",
            ));
        }
        let acknowledging = acknowledging(headers.get("ack"), person.dialect())?;
        self.next_ordinal += 1;
        Ok(Subscribing {
            connection: self.id,
            outbox: Arc::clone(&self.outbox),
            dialect: person.dialect(),
            id: id.map(Box::from),
            destination: Arc::from(destination),
            acknowledging,
            ordinal: self.next_ordinal,
            bounds: Bounds {
                held_bytes: limits.held_bytes_max,
                unacknowledged: limits.unacknowledged_max,
            },
        })
    }

    fn unsubscribe(&mut self, person: Arc<Connection<A>>, headers: Arc<Headers>) -> Outcome {
        let (id, destination) = (headers.get("id"), headers.get("destination"));
        if id.is_none() && (person.dialect() != Dialect::Stomp(Version::V1_0) || destination.is_none()) {
            return Err(invalid("UNSUBSCRIBE needs the id of the subscription."));
        }
        let is_meant = |other: &Subscription| match id {
            Some(id) => other.id.as_deref() == Some(id),
            None => Some(&*other.destination) == destination,
        };
        let subscription = person
            .find(is_meant)
            .ok_or_else(|| invalid("There is no such subscription."))?;
        person.leave(&subscription);
        let broker = Arc::clone(&self.broker);
        self.begin(async move {
            if subscription.retract() {
                broker
                    .app()
                    .unsubscribed(&person, &subscription.topic, Cause::Unsubscribe)
                    .await;
            }
            Step::Done(headers)
        });
        Ok(())
    }

    fn now_or_at_commit(&mut self, request: Request) -> Outcome {
        if request.command == Command::Send {
            required(&request.headers, "destination", "SEND needs a destination.")?;
        }
        let headers = Arc::clone(&request.headers);
        match headers.get("transaction") {
            Some(transaction) => Ok(self.transactions.hold(transaction, request, self.broker.limits())?),
            None => self.take_effect(request),
        }
    }

    fn take_effect(&mut self, request: Request) -> Outcome {
        let Some(person) = &self.person else {
            unreachable!("frames other than CONNECT are taken from people only");
        };
        if request.command != Command::Send {
            acknowledge(person, request.command, &request.headers)?;
            self.answer(&request.headers, &Vec::new());
            return Ok(());
        }
        let (broker, person) = (Arc::clone(&self.broker), Arc::clone(person));
        self.begin(async move {
            let headers = Arc::clone(&request.headers);
            let send = SendFrame {
                headers: request.headers,
                body: request.body,
            };
            let result = broker.app().send(&person, send).await;
            Step::Sent { result, headers }
        });
        Ok(())
    }

    fn transaction(&mut self, request: Request) -> Outcome {
        let headers = request.headers;
        let id = required(&headers, "transaction", "The frame needs the header transaction.")?;
        match request.command {
            Command::Begin => self.transactions.begin(id, self.broker.limits())?,
            Command::Commit => {
                self.todo
                    .extend(self.transactions.end(id)?.into_iter().map(Todo::Frame));
                self.todo.push_back(Todo::Answer(headers));
                return Ok(());
            }
            _ => drop(self.transactions.end(id)?),
        }
        self.answer(&headers, &Vec::new());
        Ok(())
    }

    fn disconnect(&mut self, headers: &Headers) {
        self.answer(headers, &Vec::new());
        self.end_with(Ending {
            cause: Cause::Disconnect,
            code: code::CLOSE_NORMAL,
            reason: "disconnected".into(),
            error: None,
        });
    }
}

fn disagreement(what: Disagreement) -> Fault {
    let fault = Fault::new(code::INVALID_REQUEST, what.to_string());
    match what {
        Disagreement::Version => Fault {
            extra: Some(("version", "1.0,1.1,1.2")),
            ..fault
        },
        Disagreement::HeartBeat => fault,
    }
}

fn acknowledging(value: Option<&str>, dialect: Dialect) -> Result<Acknowledging, Fault> {
    match value {
        None | Some("auto") => Ok(Acknowledging::Auto),
        Some("client") => Ok(Acknowledging::Cumulative),
        Some("client-individual") if dialect != Dialect::Stomp(Version::V1_0) => Ok(Acknowledging::Individual),
        Some(_) => Err(invalid("The header ack is none of auto, client, client-individual.")),
    }
}

async fn subscribe<A: App>(
    broker: &Broker<A>,
    person: &Arc<Connection<A>>,
    subscribing: Subscribing,
    after: Option<&str>,
) -> Result<(), Stopped> {
    let destination = Arc::clone(&subscribing.destination);
    let (subscription, grant) = loop {
        let revocations = broker.revocations();
        let grant = broker.app().subscribe(person, &destination, after).await?;
        let subscription = Arc::new(Subscription::new(subscribing.clone(), grant.topic.clone()));
        person.enter(&subscription);
        if broker.revocations() == revocations {
            break (subscription, grant);
        }
        // It may have been this that was taken back, too early to be found.
        person.leave(&subscription);
    };
    if let Some(greeting) = &grant.greeting {
        subscription.replay(&broker.hub().parcel(&subscription, greeting));
    }
    match grant.resume_after {
        Some(after) => resume(broker, person, &subscription, after).await?,
        None => {
            subscription.go_live();
            broker.hub().add(&subscription);
        }
    }
    subscription.announce();
    broker.app().subscribed(person, &subscription.topic).await;
    Ok(())
}

/// ACK and NACK: nothing is delivered again either way, but the peer has to name a message that it was sent.
fn acknowledge<A: App>(person: &Connection<A>, command: Command, headers: &Headers) -> Outcome {
    let dialect = person.dialect();
    if command == Command::Nack && dialect == Dialect::Stomp(Version::V1_0) {
        return Err(invalid("There is no NACK in 1.0."));
    }
    let is_known = match dialect {
        Dialect::Stomp(Version::V1_2) => {
            let id = required(headers, "id", "ACK and NACK need an id.")?;
            id.split_once('-')
                .and_then(|(ordinal, message)| Some((ordinal.parse::<u32>().ok()?, message)))
                .is_some_and(|(ordinal, message)| {
                    person
                        .find(|other| other.ordinal == ordinal)
                        .is_some_and(|found| found.acknowledge(message))
                })
        }
        Dialect::Stomp(Version::V1_1) => {
            let message = required(headers, "message-id", "ACK and NACK need a message-id.")?;
            let id = required(headers, "subscription", "ACK and NACK need a subscription.")?;
            let found = person.find(|other| other.id.as_deref() == Some(id));
            found.is_some_and(|found| found.acknowledge(message))
        }
        Dialect::Stomp(Version::V1_0) => {
            let message = required(headers, "message-id", "ACK needs a message-id.")?;
            let id = headers.get("subscription");
            let is_meant = |other: &Subscription| id.is_none() || other.id.as_deref() == id;
            person
                .find(|other| is_meant(other) && other.acknowledge(message))
                .is_some()
        }
        // Its messages carry nothing to name them by.
        Dialect::Raw => false,
    };
    if is_known {
        Ok(())
    } else {
        Err(invalid("There is no such message to acknowledge."))
    }
}
