//! The STOMP codec: bytes in, frames out, and back; and beside it the framing of WebSocket and the
//! JSON of SockJS and of raw rooms.
//!
//! Owns the grammar of STOMP 1.0, 1.1 and 1.2: frames, header escaping, content-length, heart-beats, and the limits
//! that are checked while a frame is still arriving. It is sans-io: no sockets, no clock, no tasks; and it knows
//! nothing of what a frame means (that is the broker's part). Client and server commands are both read and written,
//! so a test client uses the same codec.

mod decode;
mod encode;
mod frame;
mod headers;
mod object;
pub mod raw;
pub mod sockjs;
pub mod websocket;

pub use decode::{DecodeError, Decoder, Event, Limits};
pub use encode::{Message, encode, encode_message};
pub use frame::{Command, Frame, Version};
pub use headers::Headers;
pub use object::{ObjectError, object};
