use std::sync::Arc;

use bytes::Bytes;
use wire::{Command, Decoder, Headers, Limits};

use super::Request;

/// What the octets that come are made into.
pub(super) enum Inbound {
    /// Frames, wherever the transport splits them.
    Stomp(Decoder),
    /// Each message of the transport is a SEND with these headers.
    Raw {
        send: Arc<Headers>,
        /// The SUBSCRIBE that such a connection begins with.
        subscribe: Arc<Headers>,
    },
}

/// The id of a raw connection's only subscription.
const RAW_ID: &str = "raw";

impl Inbound {
    pub(super) fn stomp(limits: Limits) -> Inbound {
        Inbound::Stomp(Decoder::new(limits))
    }

    pub(super) fn raw(destination: &str, after: Option<&str>) -> Inbound {
        let after = after.map(|after| ("after-seq", after));
        let subscribe = [("destination", destination), ("id", RAW_ID)].into_iter().chain(after);
        Inbound::Raw {
            send: Arc::new([("destination", destination)].into_iter().collect()),
            subscribe: Arc::new(subscribe.collect()),
        }
    }

    pub(super) fn is_raw(&self) -> bool {
        matches!(self, Inbound::Raw { .. })
    }

    /// Takes what came; a raw message is a request at once.
    pub(super) fn push(&mut self, bytes: Bytes) -> Option<Request> {
        match self {
            Inbound::Stomp(decoder) => {
                decoder.push(&bytes);
                None
            }
            Inbound::Raw { send, .. } => Some(Request {
                command: Command::Send,
                headers: Arc::clone(send),
                body: bytes,
            }),
        }
    }

    /// Of a frame that has begun and not ended.
    pub(super) fn partial_headers(&self) -> Option<Arc<Headers>> {
        match self {
            Inbound::Stomp(decoder) => decoder.partial_headers().cloned().map(Arc::new),
            Inbound::Raw { .. } => None,
        }
    }
}
