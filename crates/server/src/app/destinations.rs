//! Which conversation a destination, a topic or a body means, and who is asked for it.

use broker::{Cause, Grant, Publication, SendFrame, Topic};

use super::{Maru, disconnect_reason};
use crate::features::accounts::Principal;
use crate::features::messages::{Receipt, RoomName, own_topic, room_topic};
use crate::features::rooms::{self, frames::Taken as FromRaw};
use crate::problem::{Code, Refusal};
use crate::routes::{Readable, Sent};
use crate::texts::Locale;

type Stored = broker::BoxFuture<Result<Receipt, Refusal>>;

/// What became of a SEND.
pub(super) enum Taken {
    Done,
    Message(Stored),
}

/// The feature whose room it is.
enum Conversation {
    Support(i64),
    Room(i64),
}

/// The room that a body names; every body to `/app/chat.*` names one.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Which {
    session_id: Option<RoomName>,
    room_id: Option<RoomName>,
}

impl Maru {
    /// Whose room this is. A number that nobody has is support's: its refusals speak of sessions.
    async fn conversation(&self, name: &RoomName) -> Result<Conversation, Refusal> {
        let messages = &self.0.messages;
        let room_id = messages.find(name).await?.ok_or(Code::NotFound)?;
        let kind = messages.kind(room_id).await?;
        Ok(match kind.as_deref() {
            Some(rooms::KIND) => Conversation::Room(room_id),
            _ => Conversation::Support(room_id),
        })
    }

    /// The topic behind a destination, if this person may read it; where a reader comes back, the position to go on from.
    pub(super) async fn grant(
        &self,
        who: &Principal,
        destination: &str,
        after: Option<&str>,
        is_raw: bool,
    ) -> Result<Grant, Refusal> {
        let topic = match self.readable(who, destination, is_raw)? {
            Readable::Room(name) => return self.grant_room(who, &name, after, is_raw).await,
            Readable::Agents(topic) => {
                crate::features::support::is_agent(who)?;
                Topic::from(topic)
            }
            Readable::Own(queue) => own_topic(who.member_id, queue),
        };
        match after {
            None => Ok(Grant::live(topic)),
            Some(_) => Err(Refusal::invalid("after-seq")),
        }
    }

    fn readable(&self, who: &Principal, destination: &str, is_raw: bool) -> Result<Readable, Refusal> {
        if !is_raw {
            return Readable::parse(destination, &who.user_code);
        }
        raw_room(destination).map(Readable::Room)
    }

    async fn grant_room(
        &self,
        who: &Principal,
        name: &RoomName,
        after: Option<&str>,
        is_raw: bool,
    ) -> Result<Grant, Refusal> {
        let (room_id, greeting) = match self.conversation(name).await? {
            Conversation::Support(session_id) => {
                self.0.support.may_read(who, session_id).await?;
                (session_id, None)
            }
            Conversation::Room(room_id) => {
                self.0.rooms.may_take_part(who, room_id).await?;
                // One who resumes over STOMP is told everything by SYNC.
                let greeted = is_raw || after.is_none();
                let greeting = match greeted {
                    true => Some(self.0.rooms.greeting(who, room_id).await?),
                    false => None,
                };
                (room_id, greeting)
            }
        };
        let topic = room_topic(room_id);
        let grant = match after {
            None => Grant::live(topic),
            Some(after) => Grant::resume(topic, self.position(room_id, after).await?),
        };
        Ok(match greeting {
            Some(greeting) => grant.greeting(greeting),
            None => grant,
        })
    }

    async fn position(&self, room_id: i64, after: &str) -> Result<u64, Refusal> {
        let digits = !after.is_empty() && after.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(Refusal::invalid("after-seq"));
        }
        let head = self.0.messages.head(room_id).await?;
        let last = head.map_or(0, |head| head.last_seq).cast_unsigned();
        match after.parse() {
            Ok(after) if after <= last => Ok(after),
            _ => Err(Code::CursorUnknown.into()),
        }
    }

    pub(super) async fn take(&self, who: &Principal, send: &SendFrame, is_raw: bool) -> Result<Taken, Refusal> {
        let body = &send.body[..];
        if is_raw {
            return self.take_raw(who, send.destination(), body).await;
        }
        let sent = Sent::parse(send.destination())?;
        match self.addressee(body).await? {
            Conversation::Support(_) => self.to_support(who, sent, body).await,
            Conversation::Room(room_id) => self.to_room(who, sent, room_id, body).await,
        }
    }

    /// Whom a body is for. One that names nobody is support's, which says what is wrong with it.
    async fn addressee(&self, body: &[u8]) -> Result<Conversation, Refusal> {
        let which = serde_json::from_slice::<Which>(body).ok();
        match which.and_then(|which| which.session_id.or(which.room_id)) {
            Some(name) => self.conversation(&name).await,
            None => Ok(Conversation::Support(0)),
        }
    }

    async fn to_support(&self, who: &Principal, sent: Sent, body: &[u8]) -> Result<Taken, Refusal> {
        let support = &self.0.support;
        match sent {
            Sent::Message => {
                let stored = support.send_message(who, body).await?;
                return Ok(Taken::Message(Box::pin(stored)));
            }
            Sent::AddUser => support.add_user(who, body).await?,
            Sent::RemoveUser => support.remove_user(who, body).await?,
            Sent::MarkAsRead => support.mark_as_read(who, body).await?,
            Sent::Typing => support.typing(who, body).await?,
        }
        Ok(Taken::Done)
    }

    async fn to_room(&self, who: &Principal, sent: Sent, room_id: i64, body: &[u8]) -> Result<Taken, Refusal> {
        let rooms = &self.0.rooms;
        match sent {
            Sent::Message => {
                let stored = rooms.send_message(who, room_id, body).await?;
                return Ok(Taken::Message(Box::pin(stored)));
            }
            Sent::AddUser => rooms.join(who, room_id).await?,
            Sent::RemoveUser => rooms.leave(who, room_id).await?,
            Sent::MarkAsRead => rooms.mark_as_read(who, room_id, body).await?,
            Sent::Typing => rooms.typing(who, room_id, body).await?,
        }
        Ok(Taken::Done)
    }

    async fn take_raw(&self, who: &Principal, destination: &str, body: &[u8]) -> Result<Taken, Refusal> {
        let room_id = self.0.rooms.find(&raw_room(destination)?).await?;
        Ok(match self.0.rooms.take_raw(who, room_id, body).await? {
            FromRaw::Done => Taken::Done,
            FromRaw::Message(stored) => Taken::Message(stored),
        })
    }

    /// Somebody subscribed to a room's topic.
    pub(super) async fn entered(&self, room_id: i64, member_id: i64, connection: u64) {
        if self.is_plain(room_id).await {
            self.0.rooms.entered(room_id, member_id, connection);
        } else {
            self.0.support.entered(room_id, member_id, connection).await;
        }
    }

    /// A subscription to a room's topic ended.
    pub(super) async fn left(&self, room_id: i64, member_id: i64, connection: u64, cause: Cause) {
        if self.is_plain(room_id).await {
            self.0.rooms.left(room_id, member_id, connection);
        } else {
            let reason = disconnect_reason(cause);
            self.0.support.left(room_id, member_id, connection, reason);
        }
    }

    /// What tells a resuming reader that the room is level.
    pub(super) async fn sync(&self, room_id: i64, locale: Locale) -> Result<Publication, Refusal> {
        if self.is_plain(room_id).await {
            self.0.rooms.sync(room_id).await
        } else {
            self.0.support.sync(room_id, locale).await
        }
    }

    /// Whether this is a plain room, of which somebody is a reader. It was looked up when the reader came, so the
    /// database is seldom asked.
    async fn is_plain(&self, room_id: i64) -> bool {
        let kind = self.0.messages.kind(room_id).await;
        kind.is_ok_and(|kind| kind.as_deref() == Some(rooms::KIND))
    }
}

/// The room of a raw connection: `/chat/{room}`.
fn raw_room(destination: &str) -> Result<RoomName, Refusal> {
    let name = destination.strip_prefix("/chat/").and_then(RoomName::parse);
    name.ok_or_else(|| Code::NotFound.into())
}
