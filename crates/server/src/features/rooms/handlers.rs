//! `/api/chat/rooms…`.

use axum::Json;
use axum::extract::{FromRef, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::store::{self, Listed};
use super::view::{ParticipantPage, RoomPage, RoomView};
use super::{NewPlainRoom, Rooms, manages_all};
use crate::features::accounts::{Accounts, Body, Caller, Language, Principal};
use crate::features::messages::{Marks, MessagePage, RoomName, is_key};
use crate::problem::Refusal;
use crate::request::{Asked, Nothing, PageQuery, cursor, page_size};
use crate::time::Time;

/// What makes a room.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MakeRoom {
    /// Up to 100 characters.
    name: Option<String>,
    /// Another system's name for it, with at least one letter: letters, digits, `.`, `_`, `:`, `~`, `-`. The same key
    /// is the same room.
    key: Option<String>,
    /// Makes a group buy; not there yet.
    product_id: Option<i64>,
    /// Any logged-in user may join.
    #[serde(default)]
    open: bool,
    max_participants: Option<i64>,
    /// RFC 3339; the room closes by itself then.
    expires_at: Option<String>,
    /// `userCode`s.
    #[serde(default)]
    members: Vec<String>,
}

/// People to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMembers {
    user_codes: Vec<String>,
}

/// What everybody in a room is to notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    content: String,
}

/// Which rooms, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RoomsQuery {
    /// Only rooms that the caller is a member of.
    #[serde(default)]
    joined: bool,
    /// 1 to 200, default 50.
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    before: Option<String>,
}

/// The plain room that a path names by number or key.
#[derive(Clone, Debug)]
pub struct Named(RoomName);

impl<S> FromRequestParts<S> for Named
where
    S: Send + Sync,
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let room = path.ok().and_then(|Path(all)| all.into_iter().next());
        let name = room.and_then(|(_, text)| RoomName::parse(&text));
        match name {
            Some(name) => Ok(Self(name)),
            None => {
                let Ok(Language(locale)) = Language::from_request_parts(parts, state).await;
                Err(Refusal::invalid("room").response(locale))
            }
        }
    }
}

type Answer = Result<Response, Response>;

/// Makes a room; services and admins. One that has the key already is answered as it is.
#[utoipa::path(post, path = "/api/chat/rooms", tag = "rooms", request_body = MakeRoom, responses(
    (status = 201, description = "Made", body = RoomView),
    (status = 200, description = "There is one with this key", body = RoomView),
))]
pub async fn make_room(State(rooms): State<Rooms>, caller: Caller, Body(body): Body<MakeRoom>) -> Answer {
    let made = async {
        let new = asked(body)?;
        let (room_id, is_new) = rooms.make(&caller.principal, caller.locale, new).await?;
        let room = rooms.show(&caller, room_id).await?;
        if !is_new {
            return Ok(room);
        }
        let location: [(HeaderName, String); 1] = [(header::LOCATION, format!("/api/chat/rooms/{room_id}"))];
        Ok((StatusCode::CREATED, location, room).into_response())
    };
    answer(&caller, made.await)
}

fn asked(body: MakeRoom) -> Result<NewPlainRoom, Refusal> {
    if body.product_id.is_some() {
        return Err(Refusal::invalid("productId"));
    }
    if body.key.as_deref().is_some_and(|key| !is_key(key)) {
        return Err(Refusal::invalid("key"));
    }
    let end = body.expires_at.as_deref();
    let closes_at = end.map(|end| Time::parse(end).ok_or_else(|| Refusal::invalid("expiresAt")));
    Ok(NewPlainRoom {
        name: body.name,
        key: body.key,
        open: body.open,
        members_max: body.max_participants,
        closes_at: closes_at.transpose()?,
        members: body.members,
    })
}

/// The caller's rooms and open ones, the newest first; services and admins see all.
#[utoipa::path(get, path = "/api/chat/rooms", tag = "rooms", params(RoomsQuery),
    responses((status = 200, body = RoomPage)))]
pub async fn list_rooms(State(rooms): State<Rooms>, caller: Caller, Asked(asked): Asked<RoomsQuery>) -> Answer {
    let found = async {
        let limit = page_size(asked.limit)?;
        let before = cursor(asked.before.as_deref())?;
        let who = &caller.principal;
        let listed = match (asked.joined, manages_all(who)) {
            (true, _) => Listed::Own,
            (false, true) => Listed::All,
            (false, false) => Listed::OwnAndOpen,
        };
        rooms.show_list(who, listed, before, limit).await
    };
    answer(&caller, found.await)
}

/// One room.
#[utoipa::path(get, path = "/api/chat/rooms/{room}", tag = "rooms", params(("room" = String, Path)),
    responses((status = 200, body = RoomView)))]
pub async fn room(State(rooms): State<Rooms>, caller: Caller, Named(name): Named) -> Answer {
    let found = async {
        let room_id = rooms.find(&name).await?;
        rooms.may_see(&caller.principal, room_id).await?;
        rooms.show(&caller, room_id).await
    };
    answer(&caller, found.await)
}

/// A room's messages, newest first. `before` is a `seq`: with `before=N` come the messages below N, whichever page they were on.
#[utoipa::path(get, path = "/api/chat/rooms/{room}/messages", tag = "rooms",
    params(("room" = String, Path), PageQuery), responses((status = 200, body = MessagePage)))]
pub async fn room_messages(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Asked(asked): Asked<PageQuery>,
) -> Answer {
    let found = async {
        let limit = page_size(asked.limit)?;
        let before = cursor(asked.before.as_deref())?;
        let room_id = rooms.find(&name).await?;
        rooms.may_read(&caller.principal, room_id).await?;
        let page = rooms.0.messages.page(room_id, before, limit).await?;
        Ok(Json(MessagePage::of(&page)).into_response())
    };
    answer(&caller, found.await)
}

/// What people told everybody in the room to notice, newest first.
#[utoipa::path(get, path = "/api/chat/rooms/{room}/notices", tag = "rooms",
    params(("room" = String, Path), PageQuery), responses((status = 200, body = MessagePage)))]
pub async fn room_notices(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Asked(asked): Asked<PageQuery>,
) -> Answer {
    let found = async {
        let limit = page_size(asked.limit)?;
        let before = cursor(asked.before.as_deref())?;
        let room_id = rooms.find(&name).await?;
        rooms.may_read(&caller.principal, room_id).await?;
        let page = rooms.0.messages.notices(room_id, before, limit).await?;
        Ok(Json(MessagePage::of(&page)).into_response())
    };
    answer(&caller, found.await)
}

/// A room's members by name, and who of them is here.
#[utoipa::path(get, path = "/api/chat/rooms/{room}/participants", tag = "rooms",
    params(("room" = String, Path), PageQuery), responses((status = 200, body = ParticipantPage)))]
pub async fn room_participants(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Asked(asked): Asked<PageQuery>,
) -> Answer {
    let found = async {
        let limit = page_size(asked.limit)?;
        let after = cursor(asked.before.as_deref())?;
        let room_id = rooms.find(&name).await?;
        let seen = rooms.may_see(&caller.principal, room_id).await?;
        let mut found = store::members(rooms.0.db.read(), room_id, after, limit + 1).await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = found.last().filter(|_| more);
        let page = ParticipantPage {
            count: seen.members,
            online_count: i64::try_from(rooms.0.here.count(room_id)).unwrap_or(i64::MAX),
            next_cursor: last.map(|member| member.member_id.to_string()),
            items: found.into_iter().map(|m| rooms.0.participant(room_id, m)).collect(),
        };
        Ok(Json(page).into_response())
    };
    answer(&caller, found.await)
}

/// Comes into an open room.
#[utoipa::path(post, path = "/api/chat/rooms/{room}/join", tag = "rooms", params(("room" = String, Path)),
    request_body = Nothing, responses((status = 200, body = RoomView)))]
pub async fn join_room(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let done = async |room_id| rooms.join(&caller.principal, room_id).await;
    changed(&rooms, &caller, &name, done).await
}

/// Leaves a room for good.
#[utoipa::path(post, path = "/api/chat/rooms/{room}/leave", tag = "rooms", params(("room" = String, Path)),
    request_body = Nothing, responses((status = 200, body = RoomView)))]
pub async fn leave_room(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let done = async |room_id| rooms.leave(&caller.principal, room_id).await;
    changed(&rooms, &caller, &name, done).await
}

/// Closes a room for good; its maker, services and admins.
#[utoipa::path(post, path = "/api/chat/rooms/{room}/close", tag = "rooms", params(("room" = String, Path)),
    request_body = Nothing, responses((status = 200, body = RoomView)))]
pub async fn close_room(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let done = async |room_id| rooms.close(&caller.principal, room_id).await;
    changed(&rooms, &caller, &name, done).await
}

/// Says something that everybody is to notice: a NOTIFICATION; the room's maker, services and admins.
#[utoipa::path(post, path = "/api/chat/rooms/{room}/notices", tag = "rooms", params(("room" = String, Path)),
    request_body = Notify, responses((status = 200, body = RoomView)))]
pub async fn notify_room(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Body(body): Body<Notify>,
) -> Answer {
    let done = async |room_id| rooms.notify(&caller.principal, room_id, &body.content).await;
    changed(&rooms, &caller, &name, done).await
}

/// Adds people, all or none; the room's maker, services and admins.
#[utoipa::path(post, path = "/api/chat/rooms/{room}/members", tag = "rooms", params(("room" = String, Path)),
    request_body = AddMembers, responses((status = 200, body = RoomView)))]
pub async fn add_members(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    Body(body): Body<AddMembers>,
) -> Answer {
    let done = async {
        let room_id = rooms.find(&name).await?;
        rooms.add(&caller.principal, room_id, &body.user_codes).await?;
        rooms.show(&caller, room_id).await
    };
    answer(&caller, done.await)
}

/// Removes somebody; the room's maker, services and admins.
#[utoipa::path(delete, path = "/api/chat/rooms/{room}/members/{code}", tag = "rooms",
    params(("room" = String, Path), ("code" = String, Path)), responses((status = 200, body = RoomView)))]
pub async fn remove_member(
    State(rooms): State<Rooms>,
    caller: Caller,
    Named(name): Named,
    path: Path<(String, String)>,
) -> Answer {
    let done = async {
        let room_id = rooms.find(&name).await?;
        rooms.remove(&caller.principal, room_id, &path.1).await?;
        rooms.show(&caller, room_id).await
    };
    answer(&caller, done.await)
}

#[expect(clippy::result_large_err, reason = "both are answers, and made once a request")]
fn answer(caller: &Caller, result: Result<Response, Refusal>) -> Answer {
    result.map_err(|refusal| refusal.response(caller.locale))
}

/// Changes a room, and shows it as it is then.
async fn changed(
    rooms: &Rooms,
    caller: &Caller,
    name: &RoomName,
    change: impl AsyncFnOnce(i64) -> Result<(), Refusal>,
) -> Answer {
    let done = async {
        let room_id = rooms.find(name).await?;
        change(room_id).await?;
        rooms.show(caller, room_id).await
    };
    answer(caller, done.await)
}

impl Rooms {
    async fn show(&self, caller: &Caller, room_id: i64) -> Result<Response, Refusal> {
        let seen = self.seen(&caller.principal, room_id).await?;
        let last = self.0.messages.last_of(&[room_id]).await?.remove(&room_id);
        let marks = self.0.messages.marks(room_id).await?;
        let view = self.0.view(&caller.principal, &seen, last.as_ref(), &marks);
        Ok(Json(view).into_response())
    }

    async fn show_list(
        &self,
        who: &Principal,
        listed: Listed,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Response, Refusal> {
        let mut found = store::list(self.0.db.read(), who.member_id, listed, before, limit + 1).await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let ids: Vec<i64> = found.iter().map(|seen| seen.room_id).collect();
        let last = self.0.messages.last_of(&ids).await?;
        let marks = self.0.messages.marks_of(&ids).await?;
        let unread = Marks::default();
        let view = |seen| -> RoomView<'_> {
            let seen: &store::Seen = seen;
            let marks = marks.get(&seen.room_id).unwrap_or(&unread);
            self.0.view(who, seen, last.get(&seen.room_id), marks)
        };
        let next = found.last().filter(|_| more);
        let page = RoomPage {
            next_cursor: next.map(|seen| seen.room_id.to_string()),
            items: found.iter().map(view).collect(),
        };
        Ok(Json(page).into_response())
    }
}
