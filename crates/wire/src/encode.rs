use crate::{Command, Frame, Version};

/// Writes a frame for a receiver that speaks `version`, with its NUL, at the end of `out`.
///
/// Kinds that may have a body get `content-length` (octets); one among the headers is replaced. A header that the
/// version cannot carry is left out: a line end or a NUL that it has no escape for, a colon in a name where nothing is
/// escaped. The body of a frame that may have none is left out.
pub fn encode(frame: &Frame, version: Version, out: &mut Vec<u8>) {
    let escapes = Escapes::of(frame.command, version);
    let has_body = frame.command.may_have_body();
    out.reserve(64 * (1 + frame.headers.len()) + frame.body.len());
    out.extend_from_slice(frame.command.as_str().as_bytes());
    out.push(b'\n');
    for (name, value) in frame.headers.iter() {
        if !(has_body && name == "content-length") {
            put_header(name, value, escapes, out);
        }
    }
    if has_body {
        put_content_length(frame.body.len(), out);
        out.push(b'\n');
        out.extend_from_slice(&frame.body);
    } else {
        out.push(b'\n');
    }
    out.push(0);
}

/// What a MESSAGE frame is made of, borrowed: the fast way to write one without building a [`Frame`].
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The destination as the receiver subscribed to it.
    pub destination: &'a str,
    /// The receiver's id for the subscription; none only in 1.0.
    pub subscription: Option<&'a str>,
    /// Unique within the subscription.
    pub message_id: &'a str,
    /// What an ACK has to name (1.2, where the subscription acknowledges).
    pub ack: Option<&'a str>,
    /// Of the body; none if its sender gave none.
    pub content_type: Option<&'a str>,
    /// Further headers, after these; such as would speak for the server are left out.
    pub headers: &'a [(String, String)],
    /// Any octets.
    pub body: &'a [u8],
}

/// What only the server says of a MESSAGE: a sender's header of this name would be believed where the server gives none.
const SERVERS_OWN: [&str; 5] = ["destination", "subscription", "message-id", "ack", "content-length"];

/// Writes a MESSAGE frame at the end of `out`, by the rules of [`encode`].
pub fn encode_message(message: &Message<'_>, version: Version, out: &mut Vec<u8>) {
    let escapes = Escapes::of(Command::Message, version);
    out.reserve(192 + 32 * message.headers.len() + message.destination.len() + message.body.len());
    out.extend_from_slice(b"MESSAGE\n");
    put_header("destination", message.destination, escapes, out);
    let optional = [
        ("subscription", message.subscription),
        ("message-id", Some(message.message_id)),
        ("ack", message.ack),
        ("content-type", message.content_type),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put_header(name, value, escapes, out);
        }
    }
    for (name, value) in message.headers {
        if !SERVERS_OWN.contains(&name.as_str()) {
            put_header(name, value, escapes, out);
        }
    }
    put_content_length(message.body.len(), out);
    out.push(b'\n');
    out.extend_from_slice(message.body);
    out.push(0);
}

/// What can be written of the octets that have a meaning of their own in a header line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    /// CONNECT, STOMP, CONNECTED in any version, and all of 1.0.
    None,
    /// 1.1 knows no carriage return.
    LineFeedColonBackslash,
    All,
}

impl Escapes {
    fn of(command: Command, version: Version) -> Escapes {
        match version {
            _ if !command.escapes_headers() => Escapes::None,
            Version::V1_0 => Escapes::None,
            Version::V1_1 => Escapes::LineFeedColonBackslash,
            Version::V1_2 => Escapes::All,
        }
    }

    fn can_carry(self, text: &str) -> bool {
        !text.bytes().any(|octet| match octet {
            0 => true,
            b'\r' => self != Escapes::All,
            b'\n' => self == Escapes::None,
            _ => false,
        })
    }
}

fn put_header(name: &str, value: &str, escapes: Escapes, out: &mut Vec<u8>) {
    let name_fits = !name.is_empty() && (escapes != Escapes::None || !name.contains(':'));
    if !name_fits || !escapes.can_carry(name) || !escapes.can_carry(value) {
        return;
    }
    put_text(name, escapes, out);
    out.push(b':');
    put_text(value, escapes, out);
    out.push(b'\n');
}

fn put_text(text: &str, escapes: Escapes, out: &mut Vec<u8>) {
    let plain = |octet: u8| !matches!(octet, b'\\' | b':' | b'\n' | b'\r');
    if escapes == Escapes::None || text.bytes().all(plain) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for octet in text.bytes() {
        match octet {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b':' => out.extend_from_slice(b"\\c"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
}

fn put_content_length(octets: usize, out: &mut Vec<u8>) {
    use std::io::Write;
    writeln!(out, "content-length:{octets}").expect("a vector takes everything");
}
