//! The program as a whole: its parts, and what the broker asks of it.

mod destinations;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use axum::extract::FromRef;
use broker::{
    Accepted, Broker, Cause, Close, Completion, Connection, Dialect, Grant, Limits as BrokerLimits, Publication,
    RefusedAt, SendFrame, Topic, code,
};
use bytes::Bytes;
use sea_orm::DbErr;
use secrecy::SecretString;
use serde_json::Map;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use self::destinations::Taken;
use crate::adapters::clock::Clock;
use crate::adapters::database::Database;
use crate::config::{Config, ConnectionsPolicy};
use crate::features::accounts::{Accounts, Change, Principal};
use crate::features::codes::Codes;
use crate::features::mail::Mail;
use crate::features::messages::{ConnectionInfo, Live, Messages, Outlet, Writer, WriterTask, own_topic, room_topic};
use crate::features::rooms::{self, Rooms};
use crate::features::support::rules::DisconnectReason;
use crate::features::support::{Parts, Support};
use crate::limits::{ConnectionSlot, Limits};
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// The running program. Cheap to clone.
#[derive(Clone)]
pub struct Maru(Arc<Inner>);

struct Inner {
    accounts: Accounts,
    codes: Codes,
    limits: Limits,
    messages: Messages,
    support: Support,
    rooms: Rooms,
    outlet: Outlet,
    clock: Clock,
    broker: OnceLock<Arc<Broker<Maru>>>,
}

/// The tasks that [`Maru`] needs while it runs.
pub struct Tasks {
    maru: Maru,
    db: Database,
    mail: Mail,
    writer: WriterTask,
}

/// Who is behind a connection.
#[derive(Debug)]
pub struct Identity {
    pub principal: Principal,
    /// Language of what this connection is told.
    pub locale: Locale,
    pub since: Time,
}

/// What the handshake told.
pub struct Handshake {
    /// Whom its `Authorization` or cookie names, if anybody; CONNECT may say better.
    pub principal: Result<Option<Principal>, Refusal>,
    pub locale: Locale,
    /// The place among its address's connections, held as long as the connection lives.
    pub slot: ConnectionSlot,
}

impl Maru {
    /// The program over an open database whose schema is up to date, and the tasks that must run for it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open(
        db: Database,
        clock: Clock,
        config: &Config,
        secret: SecretString,
    ) -> Result<(Self, Tasks), DbErr> {
        let outlet = Outlet::default();
        let accounts = Accounts::new(db.clone(), clock.clone(), config, secret);
        let codes = Codes::open(db.clone()).await?;
        let limits = Limits::new(&config.limits);
        let (writer, task) = Writer::new(
            db.clone(),
            outlet.clone(),
            config.messages.queue_length,
            config.messages.batch_max,
        );
        let messages = Messages::new(db.clone(), writer, config.messages.content_chars_max);
        let mail = Mail::new(db.clone(), clock.clone(), config);
        let parts = Parts {
            db: db.clone(),
            clock: clock.clone(),
            messages: messages.clone(),
            outlet: outlet.clone(),
            codes: codes.clone(),
            accounts: accounts.clone(),
            limits: limits.clone(),
            mail: mail.clone(),
        };
        let room_parts = rooms::Parts {
            db: db.clone(),
            clock: clock.clone(),
            messages: messages.clone(),
            outlet: outlet.clone(),
            accounts: accounts.clone(),
            limits: limits.clone(),
        };
        let maru = Self(Arc::new(Inner {
            support: Support::new(parts, config),
            rooms: Rooms::new(room_parts, config),
            outlet: outlet.clone(),
            clock,
            accounts,
            codes,
            limits,
            messages,
            broker: OnceLock::new(),
        }));
        let broker = Broker::new(Arc::new(maru.clone()), broker_limits(config));
        let _ = maru.0.broker.set(Arc::clone(&broker));
        outlet.connect(broker);
        let tasks = Tasks {
            maru: maru.clone(),
            db,
            mail,
            writer: task,
        };
        Ok((maru, tasks))
    }

    /// Live connections.
    pub fn broker(&self) -> &Arc<Broker<Self>> {
        self.0.broker.get().expect("open sets it")
    }

    /// Accounts.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    /// Limits on addresses and people.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Support sessions.
    pub fn support(&self) -> &Support {
        &self.0.support
    }

    /// Plain rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    /// Tells every connection to come back, spread over `over`, and waits until they are gone.
    pub async fn drain(&self, over: Duration) {
        self.0.rooms.flush().await;
        self.broker().drain(over).await;
    }

    /// Ends the connections of people whose log-in is over, until the accounts are gone.
    async fn follow_accounts(&self) {
        let mut changes = self.0.accounts.changes();
        while let Some(change) = changes.next().await {
            match change {
                Change::Member(member_id) => self.close_member(member_id).await,
                Change::Login(login_id) => self.close_login(login_id),
                Change::Missed => self.recheck_all().await,
            }
        }
    }

    /// Ends the connections of a member, but for those of a log-in that began after the change and is good.
    async fn close_member(&self, member_id: i64) {
        for connection in self.broker().connections_of(member_id) {
            if connection.identity().principal.login_id.is_none() {
                connection.close(log_in_over());
            } else {
                self.recheck(&connection).await;
            }
        }
    }

    fn close_login(&self, login_id: i64) {
        for connection in self.broker().connections() {
            if connection.identity().principal.login_id == Some(login_id) {
                connection.close(log_in_over());
            }
        }
    }

    async fn recheck_all(&self) {
        for connection in self.broker().connections() {
            self.recheck(&connection).await;
        }
    }

    async fn recheck(&self, connection: &Arc<Connection<Self>>) {
        let principal = &connection.identity().principal;
        if let Err(refusal) = self.0.accounts.recheck(principal).await {
            tracing::debug!(connection = connection.id(), %refusal, "log-in over");
            connection.close(log_in_over());
        }
    }

    async fn identify(&self, handshake: &Handshake, authorization: Option<&str>) -> Result<Principal, Refusal> {
        if let Some(value) = authorization {
            let jwt = crate::features::accounts::bearer(value).ok_or(Code::Unauthenticated)?;
            return self.0.accounts.from_bearer(jwt).await;
        }
        match &handshake.principal {
            Ok(Some(principal)) => Ok(principal.clone()),
            Ok(None) => Err(Code::Unauthenticated.into()),
            Err(refusal) => Err(refusal.clone()),
        }
    }
}

impl Tasks {
    /// Runs until `cancel`; then what is queued is written, and it returns.
    pub async fn run(self, cancel: CancellationToken) {
        let maru = self.maru;
        let background = async {
            tokio::join!(
                self.db.carry_over(cancel.clone()),
                maru.0.accounts.run(cancel.clone()),
                maru.0.support.run(cancel.clone()),
                maru.0.rooms.run(cancel.clone()),
                self.mail.run(cancel.clone()),
                cancel.run_until_cancelled(maru.follow_accounts()),
            )
        };
        tokio::join!(self.writer.run(cancel.clone()), background);
    }
}

fn log_in_over() -> Close {
    Close::new(code::CLOSE_UNAUTHENTICATED, "log-in over")
}

fn broker_limits(config: &Config) -> BrokerLimits {
    let limits = &config.limits;
    BrokerLimits {
        frame: frame_limits(config),
        subscriptions_max: limits.subscriptions_per_connection,
        fragments_max: limits.websocket_fragments,
        queue_bytes_max: limits.queue_bytes_per_connection,
        unacknowledged_max: limits.unacknowledged_per_subscription,
        held_bytes_max: limits.held_bytes_per_subscription,
        recent_bytes_max: limits.recent_bytes_per_room,
        replay_page: limits.replay_page,
        replies_max: limits.sends_in_flight_per_connection,
        transactions_max: limits.transactions_per_connection,
        transaction_frames_max: limits.transaction_frames,
        transaction_bytes_max: limits.transaction_bytes,
        connections_per_user: limits.connections_per_user as usize,
        connections_per_user_policy: match limits.connections_per_user_policy {
            ConnectionsPolicy::CloseOldest => broker::ConnectionsPerUserPolicy::CloseOldest,
            ConnectionsPolicy::RefuseNewest => broker::ConnectionsPerUserPolicy::RefuseNewest,
        },
        connect_timeout: Duration::from_secs(limits.connect_timeout_s),
        frame_timeout: Duration::from_secs(limits.frame_timeout_s),
        write_timeout: Duration::from_secs(limits.slow_reader_timeout_s),
        heart_beat: Duration::from_millis(u64::from(config.stomp.heartbeat_ms)),
        close_timeout: Duration::from_secs(limits.close_timeout_s),
        finish_timeout: Duration::from_secs(limits.finish_timeout_s),
        silence: Duration::from_secs(limits.silence_s),
    }
}

fn frame_limits(config: &Config) -> wire::Limits {
    wire::Limits {
        headers_max: config.limits.headers,
        head_bytes_max: config.limits.headers_bytes,
        body_bytes_max: config.limits.frame_bytes,
    }
}

/// A refusal as the broker carries it: worded for this reader.
fn carried(refusal: &Refusal, locale: Locale) -> broker::Refusal {
    let carried = broker::Refusal::new(refusal.code.as_str(), refusal.sentence(locale));
    match refusal.retry_after_s {
        Some(seconds) => carried.with("retryAfter", seconds.to_string()),
        None => carried,
    }
}

/// The same for a SEND, with the `clientMessageId` by which its sender knows it.
fn carried_of_send(refusal: &Refusal, locale: Locale, body: &[u8]) -> broker::Refusal {
    let carried = carried(refusal, locale);
    match client_message_id(body) {
        Some(id) => carried.with("clientMessageId", id),
        None => carried,
    }
}

/// The span of what a connection's frame brings about: its lines in the log carry the connection and its person.
fn event_of(connection: &Connection<Maru>) -> tracing::Span {
    tracing::error_span!("frame", connection = connection.id(), member = connection.user())
}

/// Why somebody is away, from how the connection or the subscription ended.
fn disconnect_reason(cause: Cause) -> DisconnectReason {
    match cause {
        Cause::HeartBeatMissed => DisconnectReason::Timeout,
        Cause::Unsubscribe | Cause::Disconnect | Cause::CleanClose => DisconnectReason::BrowserClose,
        Cause::Revoked | Cause::Lost | Cause::ByServer(_) => DisconnectReason::NetworkError,
    }
}

impl Maru {
    /// A person let in, as the broker knows people.
    pub fn accepted(&self, principal: Principal, locale: Locale) -> Accepted<Identity> {
        let expires_ms = u64::try_from(principal.expires_at.ms()).unwrap_or(0);
        Accepted {
            user: principal.member_id,
            user_name: principal.user_code.clone(),
            expires_at: SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(expires_ms)),
            identity: Identity {
                principal,
                locale,
                since: self.0.clock.now(),
            },
        }
    }
}

impl broker::App for Maru {
    type Identity = Identity;
    type Handshake = Handshake;

    async fn connect(&self, handshake: &Handshake, frame: &wire::Frame) -> Result<Accepted<Identity>, broker::Refusal> {
        let header = |name| frame.headers.get(name);
        let asked = header("accept-language").and_then(Locale::accepted);
        let locale = asked.unwrap_or(handshake.locale);
        let authorization = header("Authorization").or_else(|| header("authorization"));
        let principal = self
            .identify(handshake, authorization)
            .await
            .map_err(|refusal| carried(&refusal, locale))?;
        Ok(self.accepted(principal, locale))
    }

    async fn connected(&self, connection: &Arc<Connection<Self>>) {
        self.recheck(connection).await;
    }

    async fn subscribe(
        &self,
        connection: &Arc<Connection<Self>>,
        destination: &str,
        after: Option<&str>,
    ) -> Result<Grant, broker::Refusal> {
        let identity = connection.identity();
        let is_raw = connection.dialect() == Dialect::Raw;
        self.limits()
            .subscribe(connection.user())
            .map_err(|refusal| carried(&refusal, identity.locale))?;
        self.grant(&identity.principal, destination, after, is_raw)
            .instrument(event_of(connection))
            .await
            .map_err(|refusal| carried(&refusal, identity.locale))
    }

    async fn subscribed(&self, connection: &Arc<Connection<Self>>, topic: &Topic) {
        if let Some(room_id) = room_of(topic) {
            self.entered(room_id, connection.user(), connection.id()).await;
        }
    }

    async fn unsubscribed(&self, connection: &Arc<Connection<Self>>, topic: &Topic, cause: Cause) {
        if let Some(room_id) = room_of(topic) {
            self.left(room_id, connection.user(), connection.id(), cause).await;
        }
    }

    async fn send(&self, connection: &Arc<Connection<Self>>, send: SendFrame) -> Result<Completion, broker::Refusal> {
        let identity = connection.identity();
        let locale = identity.locale;
        let is_raw = connection.dialect() == Dialect::Raw;
        self.limits()
            .send_from(&connection.handshake().slot)
            .map_err(|refusal| carried_of_send(&refusal, locale, &send.body))?;
        let taken = self.take(&identity.principal, &send, is_raw);
        match taken.instrument(event_of(connection)).await {
            Ok(Taken::Done) => Ok(Completion::done()),
            Ok(Taken::Message(stored)) => Ok(Completion::Later(Box::pin(async move {
                let receipt = stored
                    .await
                    .map_err(|refusal| carried_of_send(&refusal, locale, &send.body))?;
                Ok(vec![
                    ("message-id", receipt.message_id.to_string()),
                    ("seq", receipt.seq.to_string()),
                ])
            }))),
            Err(refusal) => Err(carried_of_send(&refusal, locale, &send.body)),
        }
    }

    async fn replay(&self, topic: &Topic, after: u64, limit: usize) -> Result<Vec<Publication>, broker::Refusal> {
        let Some(room_id) = room_of(topic) else {
            return Ok(Vec::new());
        };
        let replayed = self.0.messages.replay(room_id, after.cast_signed(), limit as u64).await;
        replayed.map_err(|error| carried(&error.into(), Locale::En))
    }

    async fn level(
        &self,
        connection: &Arc<Connection<Self>>,
        topic: &Topic,
    ) -> Result<Option<Publication>, broker::Refusal> {
        let Some(room_id) = room_of(topic) else {
            return Ok(None);
        };
        let locale = connection.identity().locale;
        let sync = self.sync(room_id, locale).await;
        sync.map(Some).map_err(|refusal| carried(&refusal, locale))
    }

    fn errors_topic(&self, connection: &Arc<Connection<Self>>) -> Topic {
        own_topic(connection.user(), "errors")
    }

    async fn closed(&self, connection: &Arc<Connection<Self>>, cause: Cause) {
        tracing::debug!(connection = connection.id(), ?cause, "closed");
    }

    fn refusal_body(&self, refusal: &broker::Refusal, at: RefusedAt<'_, Self>) -> Bytes {
        let locale = at.connection.map_or(at.handshake.locale, |c| c.identity().locale);
        let mut event = Map::new();
        for (name, value) in [
            ("type", Some("ERROR")),
            ("code", Some(refusal.code)),
            ("error", Some(&*sentence(refusal, locale))),
            ("destination", at.destination()),
            ("receiptId", at.receipt()),
            ("clientMessageId", refusal.detail("clientMessageId")),
        ] {
            if let Some(value) = value {
                event.insert(name.into(), value.into());
            }
        }
        if let Some(seconds) = refusal.detail("retryAfter").and_then(|s| s.parse::<u64>().ok()) {
            event.insert("retryAfter".into(), seconds.into());
        }
        Bytes::from(serde_json::Value::Object(event).to_string())
    }
}

/// What a reader is told: our own refusals are worded already, the broker's are not.
fn sentence(refusal: &broker::Refusal, locale: Locale) -> Cow<'_, str> {
    let key = match refusal.code {
        code::TOO_LARGE => TextKey("error-too-large"),
        code::TOO_MANY_CONNECTIONS => TextKey("error-too-many-connections"),
        code::TOO_MANY_SUBSCRIPTIONS => TextKey("error-too-many-subscriptions"),
        code::TIMED_OUT => TextKey("error-timed-out"),
        code::HEART_BEAT_MISSED => TextKey("error-heart-beat-missed"),
        _ => return Cow::Borrowed(&refusal.message),
    };
    Cow::Owned(key.say(locale, &[]))
}

/// The `clientMessageId` of a refused body, so that its sender knows which message it was.
fn client_message_id(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        client_message_id: Option<String>,
    }
    serde_json::from_slice::<Named>(body).ok()?.client_message_id
}

fn room_of(topic: &Topic) -> Option<i64> {
    topic.as_str().strip_prefix("/topic/chat/")?.parse().ok()
}

impl Live for Broker<Maru> {
    fn publish(&self, topic: &Topic, publication: &Publication) {
        Self::publish(self, topic, publication);
    }

    fn has_subscribers(&self, topic: &Topic) -> bool {
        Self::has_subscribers(self, topic)
    }

    fn is_connected(&self, member_id: i64) -> bool {
        !Self::connections_of(self, member_id).is_empty()
    }

    fn connections_of(&self, member_id: i64) -> Vec<ConnectionInfo> {
        let connections = Self::connections_of(self, member_id);
        connections.iter().map(|connection| info(connection)).collect()
    }

    fn push(&self, member_id: i64, publication: &Publication) -> usize {
        Self::publish(self, &own_topic(member_id, "notifications"), publication);
        let connections = Self::connections_of(self, member_id);
        // A plain WebSocket of one room has no queue: it hears it where it hears the room.
        for raw in connections
            .iter()
            .filter(|connection| connection.dialect() == Dialect::Raw)
        {
            for subscription in raw.subscriptions() {
                raw.publish_own(&subscription.topic, publication);
            }
        }
        connections.len()
    }

    fn expel(&self, room_id: i64, member_id: i64, last: &Publication) {
        self.revoke(member_id, &room_topic(room_id), Some(last));
    }
}

fn info(connection: &Connection<Maru>) -> ConnectionInfo {
    let subscriptions = connection.subscriptions();
    ConnectionInfo {
        connection_id: connection.id(),
        protocol: match connection.dialect() {
            Dialect::Raw => "raw".to_owned(),
            Dialect::Stomp(version) => format!("STOMP {}", version.as_str()),
        },
        since: connection.identity().since,
        destinations: subscriptions.into_iter().map(|s| s.destination).collect(),
    }
}

impl FromRef<Maru> for Accounts {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.accounts.clone()
    }
}

impl FromRef<Maru> for Support {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.support.clone()
    }
}

impl FromRef<Maru> for Codes {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.codes.clone()
    }
}

impl FromRef<Maru> for Rooms {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.rooms.clone()
    }
}

impl FromRef<Maru> for Messages {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.messages.clone()
    }
}

impl FromRef<Maru> for Outlet {
    fn from_ref(maru: &Maru) -> Self {
        maru.0.outlet.clone()
    }
}
