use bytes::Bytes;

use crate::Headers;

/// A version of the protocol, agreed by CONNECT and CONNECTED. Later versions compare greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 1.0: no escapes, no heart-beats, subscription ids optional.
    V1_0,
    /// 1.1: escapes `\n`, `\c`, `\\`.
    V1_1,
    /// 1.2: escapes `\r` as well, CRLF as line end.
    V1_2,
}

impl Version {
    /// All versions, the highest first.
    pub const ALL: [Version; 3] = [Version::V1_2, Version::V1_1, Version::V1_0];

    /// `1.0`, `1.1` or `1.2`, as in the `version` header.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V1_0 => "1.0",
            Version::V1_1 => "1.1",
            Version::V1_2 => "1.2",
        }
    }

    /// The highest version both sides know, given the value of `accept-version` (a list separated by commas, spaces
    /// around items tolerated). No header means 1.0, as the specification says. `None`: nothing in common.
    pub fn negotiate(accept_version: Option<&str>) -> Option<Version> {
        let Some(offered) = accept_version else {
            return Some(Version::V1_0);
        };
        let offers = |version: &Version| offered.split(',').any(|item| item.trim() == version.as_str());
        Self::ALL.into_iter().find(offers)
    }
}

macro_rules! commands {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// The first line of a frame. Case sensitive; anything else is refused by the decoder.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(
                #[doc = concat!("`", $text, "`")]
                $name,
            )*
        }

        impl Command {
            /// Every command, of clients and of servers.
            pub const ALL: &'static [Command] = &[$(Command::$name),*];

            /// As written on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Command::$name => $text,)*
                }
            }

            /// The command whose line is `line`, without line end.
            pub fn parse(line: &[u8]) -> Option<Command> {
                $(if line == $text.as_bytes() {
                    return Some(Command::$name);
                })*
                None
            }
        }
    };
}

commands! {
    Send = "SEND",
    Message = "MESSAGE",
    Receipt = "RECEIPT",
    Ack = "ACK",
    Nack = "NACK",
    Subscribe = "SUBSCRIBE",
    Unsubscribe = "UNSUBSCRIBE",
    Connect = "CONNECT",
    Stomp = "STOMP",
    Connected = "CONNECTED",
    Disconnect = "DISCONNECT",
    Begin = "BEGIN",
    Commit = "COMMIT",
    Abort = "ABORT",
    Error = "ERROR",
}

impl Command {
    /// Whether a frame of this kind may have a body: SEND, MESSAGE and ERROR only.
    pub fn may_have_body(self) -> bool {
        matches!(self, Command::Send | Command::Message | Command::Error)
    }

    /// Whether header names and values are escaped: everywhere but in the frames that agree on the version.
    pub fn escapes_headers(self) -> bool {
        !matches!(self, Command::Connect | Command::Stomp | Command::Connected)
    }
}

/// One frame, its headers unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What kind of frame it is.
    pub command: Command,
    /// In the order of the wire; a repeated name is kept, the first one counts.
    pub headers: Headers,
    /// Empty where there is none. Any octets.
    pub body: Bytes,
}

impl Frame {
    /// A frame without headers and body.
    pub fn new(command: Command) -> Frame {
        Frame {
            command,
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// The same frame with one more header at the end.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Frame {
        self.headers.push(name, value);
        self
    }

    /// The same frame with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Frame {
        self.body = body.into();
        self
    }

    /// The value of the first header with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }
}
