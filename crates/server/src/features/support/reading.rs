//! Reading, and wanting it unread again.

use std::sync::Arc;

use super::moves::load;
use super::store::Reader;
use super::view::{UnreadEvent, side};
use super::{Inner, Support, store};
use crate::features::accounts::Principal;
use crate::features::messages::{ChangeError, ChangeFuture, ReadTo, Reading, RoomChange, Turn, own_topic};
use crate::problem::{Code, Refusal};

/// What a party does to the own unread messages.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// Has read up to a message (none: all).
    Read(Option<i64>),
    /// Wants the other side's messages unread again, from this one (none: the last) on.
    Unread(Option<i64>),
}

impl Support {
    pub(super) async fn mark(&self, who: &Principal, session_id: i64, mark: Mark) -> Result<(), Refusal> {
        let change = Marking {
            support: Arc::clone(&self.0),
            session_id,
            reader_id: who.member_id,
            mark,
        };
        self.0.messages.change(change).await
    }
}

struct Marking {
    support: Arc<Inner>,
    session_id: i64,
    reader_id: i64,
    mark: Mark,
}

impl RoomChange for Marking {
    type Output = ();

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let case = load(turn, self.session_id).await?;
            let party = case.party_of(self.reader_id).ok_or(Code::NotParticipant)?;
            let reader = Reader {
                member_id: self.reader_id,
                side: side(party),
            };
            match self.mark {
                Mark::Read(message_id) => self.read(turn, reader, message_id).await,
                Mark::Unread(message_id) => self.unread(turn, reader, message_id).await,
            }
        })
    }
}

impl Marking {
    async fn read(&self, turn: &mut Turn<'_>, reader: Reader, message_id: Option<i64>) -> Result<(), ChangeError> {
        let now = self.support.clock.now();
        let who = (reader.member_id, Some(reader.side));
        let to = ReadTo::message(message_id);
        if turn.read_up_to(self.session_id, who, to, now).await? == Reading::Again {
            self.tell_own_devices(turn, reader).await?;
        }
        Ok(())
    }

    async fn unread(&self, turn: &mut Turn<'_>, reader: Reader, message_id: Option<i64>) -> Result<(), ChangeError> {
        let who = (reader.member_id, reader.side);
        if turn.unread_from(self.session_id, who, message_id).await? {
            self.tell_own_devices(turn, reader).await?;
        }
        Ok(())
    }

    async fn tell_own_devices(&self, turn: &mut Turn<'_>, reader: Reader) -> Result<(), ChangeError> {
        let session = store::session(turn.tx(), self.session_id, Some(reader)).await?;
        let event = UnreadEvent {
            r#type: "UNREAD",
            session_id: self.session_id,
            unread_count: session.and_then(|session| session.unread).unwrap_or(0),
        };
        turn.show(own_topic(reader.member_id, "notifications"), &event);
        Ok(())
    }
}
