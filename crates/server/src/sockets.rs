//! What stands before the broker: whose page may connect, who connects, and how many from one address. One door for STOMP
//! over WebSocket and SockJS; one room without STOMP at `/chat/{room}`; streams of TCP have no headers and so no more than
//! an address.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Path, Query, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use broker::sockjs::{Options, Service, Session, SockJs};
use broker::{Raw, Upgrade};
use serde::Deserialize;

use crate::app::{Handshake, Maru};
use crate::config::Config;
use crate::features::accounts::Principal;
use crate::features::messages::RoomName;
use crate::limits::ConnectionSlot;
use crate::network::peer_of;
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};

/// STOMP over WebSocket and over SockJS, at `/ws` and at `/ws/chat`; rooms without it at `/chat/{room}`.
pub fn router(maru: &Maru, config: &Config) -> Router {
    let sockjs = SockJs::new(Door(maru.clone()), options(config));
    Router::new()
        .route("/chat/{room}", any(raw))
        .with_state(maru.clone())
        .merge(sockjs.router("/ws"))
        .merge(sockjs.router("/ws/chat"))
}

fn options(config: &Config) -> Options {
    let (sockjs, limits) = (&config.sockjs, &config.limits);
    // Twice a frame at least: the broker refuses what is too large with a clear word, before the socket does.
    let two_frames = 2 * (limits.frame_bytes + limits.headers_bytes);
    Options {
        sessions_max: sockjs.sessions,
        waiting_bytes_max: sockjs.waiting_bytes,
        posted_bytes_max: sockjs.post_bytes.max(two_frames),
        post_timeout: Duration::from_secs(sockjs.post_timeout_s),
        disconnect_delay: Duration::from_secs(sockjs.disconnect_delay_s),
        heart_beat: Duration::from_secs(sockjs.heartbeat_s),
        response_bytes_max: sockjs.response_bytes,
        fragments_max: limits.websocket_fragments,
        ..Options::stomp()
    }
}

struct Door(Maru);

/// Who makes a request. Two are the same where they are of one log-in, or of none.
struct Caller {
    principal: Result<Option<Principal>, Refusal>,
}

impl Caller {
    fn log_in(&self) -> Option<(i64, Option<i64>)> {
        let principal = self.principal.as_ref().ok()?.as_ref()?;
        Some((principal.member_id, principal.login_id))
    }
}

impl PartialEq for Caller {
    fn eq(&self, other: &Self) -> bool {
        self.log_in() == other.log_in()
    }
}

impl Service for Door {
    type Caller = Caller;
    type Opening = Handshake;

    async fn caller(&self, request: &Parts) -> Result<Caller, Response> {
        let locale = locale(&self.0, request);
        is_own_or_allowed(&self.0, request).map_err(|refusal| refusal.response(locale))?;
        match self.0.accounts().caller(request).await {
            // The cookie without Origin. Any other bad log-in is told by ERROR, where CONNECT brings no better one.
            Err(refusal) if refusal.code == Code::Forbidden => Err(refusal.response(locale)),
            principal => Ok(Caller { principal }),
        }
    }

    async fn open(&self, request: &Parts, caller: &Caller) -> Result<Handshake, Response> {
        let locale = locale(&self.0, request);
        let slot = slot(&self.0, address(&self.0, request)).map_err(|refusal| refusal.response(locale))?;
        Ok(Handshake {
            principal: caller.principal.clone(),
            locale,
            slot,
        })
    }

    fn serve(&self, session: Session, handshake: Handshake) {
        self.0.broker().serve(session, handshake);
    }
}

fn locale(maru: &Maru, request: &Parts) -> Locale {
    let asked = request.headers.get(header::ACCEPT_LANGUAGE);
    maru.accounts().locale(asked.and_then(|value| value.to_str().ok()))
}

fn address(maru: &Maru, request: &Parts) -> IpAddr {
    let network = maru.accounts().network();
    network.client_address(peer_of(request), &request.headers)
}

fn is_own_or_allowed(maru: &Maru, request: &Parts) -> Result<(), Refusal> {
    let network = maru.accounts().network();
    if network.origin_allowed(peer_of(request), &request.headers) {
        Ok(())
    } else {
        Err(Refusal::saying(Code::Forbidden, TextKey("error-origin")))
    }
}

/// A place for one more connection of an address.
///
/// # Errors
/// `rate_limited` over `limits.connects_per_minute_per_address` or `limits.connections_per_address`.
pub fn slot(maru: &Maru, address: IpAddr) -> Result<ConnectionSlot, Refusal> {
    maru.limits().connect(address)?;
    maru.limits().connection(address)
}

/// What the query of [`raw`] may say; anything else is left to whoever put it there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    after_seq: Option<String>,
}

/// One room without STOMP. The Origin is looked at before anything else, and everything that can be refused is refused
/// before the upgrade.
async fn raw(State(maru): State<Maru>, Path(room): Path<String>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let locale = locale(&maru, &parts);
    if let Err(refusal) = is_own_or_allowed(&maru, &parts) {
        return refusal.response(locale);
    }
    let upgrade = match Upgrade::from_request_parts(&mut parts, &maru).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let admitted = async {
        let slot = slot(&maru, address(&maru, &parts))?;
        let caller = maru.accounts().handshake_caller(&parts).await?;
        let principal = caller.ok_or(Code::Unauthenticated)?;
        let name = RoomName::parse(&room).ok_or(Code::NotFound)?;
        let room_id = maru.rooms().find(&name).await?;
        maru.rooms().may_take_part(&principal, room_id).await?;
        Ok::<_, Refusal>((slot, principal, room_id))
    };
    let (slot, principal, room_id) = match admitted.await {
        Ok(admitted) => admitted,
        Err(refusal) => return refusal.response(locale),
    };
    let asked = Query::<Asked>::try_from_uri(&parts.uri);
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
