//! The broker's own codes: of refusals (the header `code` of ERROR frames) and of closing sockets. One table, so that
//! clients can be told which of them mean "come back".

/// The peer broke the protocol, or asked for what does not exist in it.
pub const INVALID_REQUEST: &str = "invalid_request";
/// A frame passed a limit on its size.
pub const TOO_LARGE: &str = "too_large";
/// No log-in, a bad one, or one that is over. Closes with [`CLOSE_UNAUTHENTICATED`].
pub const UNAUTHENTICATED: &str = "unauthenticated";
/// More connections of one person than allowed.
pub const TOO_MANY_CONNECTIONS: &str = "too_many_connections";
/// More subscriptions of one connection than allowed.
pub const TOO_MANY_SUBSCRIPTIONS: &str = "too_many_subscriptions";
/// CONNECT or the rest of a frame did not come in time.
pub const TIMED_OUT: &str = "timed_out";
/// No heart-beat for too long.
pub const HEART_BEAT_MISSED: &str = "heart_beat_missed";
/// The server cannot do it now, through no fault of the peer.
pub const UNAVAILABLE: &str = "unavailable";

/// Asked for by the peer.
pub const CLOSE_NORMAL: u16 = 1000;
/// After an ERROR frame, where none of the others says more.
pub const CLOSE_PROTOCOL: u16 = 1002;
/// Never sent: what is counted where a socket just ended.
pub const CLOSE_LOST: u16 = 1006;
/// The server restarts: come back.
pub const CLOSE_RESTARTING: u16 = 1012;
/// The log-in is over or was revoked: log in again.
pub const CLOSE_UNAUTHENTICATED: u16 = 4401;
/// Removed from here: do not come back by yourself.
pub const CLOSE_REMOVED: u16 = 4403;
/// Another connection of this person took the place: do not come back by yourself.
pub const CLOSE_REPLACED: u16 = 4409;
/// Too slow: come back and resume.
pub const CLOSE_TOO_SLOW: u16 = 4500;
