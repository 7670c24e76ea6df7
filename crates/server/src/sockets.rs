//! Handshakes of WebSockets: STOMP at `/ws`, and one room without STOMP at `/chat/{room}`.

use std::net::SocketAddr;

use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use broker::{Raw, Upgrade};
use serde::Deserialize;

use crate::app::{Handshake, Maru};
use crate::features::messages::RoomName;
use crate::limits::ConnectionSlot;
use crate::network::peer_of;
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};

/// STOMP over WebSocket. The Origin is looked at before anything else.
pub(super) async fn stomp(State(maru): State<Maru>, request: Request) -> Response {
    let mut knock = match Knock::of(&maru, request) {
        Ok(knock) => knock,
        Err(refused) => return refused,
    };
    let (upgrade, slot) = match knock.enter(&maru).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    let locale = knock.locale;
    let principal = match maru.accounts().caller(&knock.parts).await {
        // The cookie without Origin. Any other bad log-in is told by ERROR, where CONNECT brings no better one.
        Err(refusal) if refusal.code == Code::Forbidden => return refusal.response(locale),
        principal => principal,
    };
    let handshake = Handshake {
        principal,
        locale,
        slot,
    };
    maru.broker().upgrade(upgrade, handshake)
}

/// What the query of [`raw`] may say; anything else is left to whoever put it there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    after_seq: Option<String>,
}

/// One room without STOMP. Everything that can be refused is refused before the upgrade.
pub(super) async fn raw(State(maru): State<Maru>, Path(room): Path<String>, request: Request) -> Response {
    let mut knock = match Knock::of(&maru, request) {
        Ok(knock) => knock,
        Err(refused) => return refused,
    };
    let locale = knock.locale;
    let (upgrade, slot) = match knock.enter(&maru).await {
        Ok(entered) => entered,
        Err(refused) => return refused,
    };
    let admitted = async {
        let caller = maru.accounts().handshake_caller(&knock.parts).await?;
        let principal = caller.ok_or(Code::Unauthenticated)?;
        let name = RoomName::parse(&room).ok_or(Code::NotFound)?;
        let room_id = maru.rooms().find(&name).await?;
        maru.rooms().may_take_part(&principal, room_id).await?;
        Ok::<_, Refusal>((principal, room_id))
    };
    let (principal, room_id) = match admitted.await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.response(locale),
    };
    let asked = Query::<Asked>::try_from_uri(&knock.parts.uri);
    let raw = Raw {
        person: maru.accepted(principal.clone(), locale),
        destination: format!("/chat/{room_id}"),
        after: asked.ok().and_then(|Query(asked)| asked.after_seq),
    };
    let handshake = Handshake {
        principal: Ok(Some(principal)),
        locale,
        slot,
    };
    maru.broker().upgrade_raw(upgrade, handshake, raw)
}

/// A handshake whose Origin is fine.
struct Knock {
    parts: Parts,
    peer: SocketAddr,
    locale: Locale,
}

impl Knock {
    #[expect(clippy::result_large_err, reason = "an answer, made once a handshake")]
    fn of(maru: &Maru, request: Request) -> Result<Self, Response> {
        let (parts, _) = request.into_parts();
        let peer = peer_of(&parts);
        let accept_language = parts.headers.get(header::ACCEPT_LANGUAGE);
        let accept_language = accept_language.and_then(|value| value.to_str().ok());
        let locale = maru.accounts().locale(accept_language);
        if !maru.accounts().network().origin_allowed(peer, &parts.headers) {
            return Err(Refusal::saying(Code::Forbidden, TextKey("error-origin")).response(locale));
        }
        Ok(Self { parts, peer, locale })
    }

    /// The upgrade, and a place among the connections of the address.
    async fn enter(&mut self, maru: &Maru) -> Result<(Upgrade, ConnectionSlot), Response> {
        let upgrade = Upgrade::from_request_parts(&mut self.parts, maru).await;
        let upgrade = upgrade.map_err(IntoResponse::into_response)?;
        let network = maru.accounts().network();
        let address = network.client_address(self.peer, &self.parts.headers);
        let limits = maru.limits();
        let slot = limits.connect(address).and_then(|()| limits.connection(address));
        Ok((upgrade, slot.map_err(|refusal| refusal.response(self.locale))?))
    }
}
