//! The framing of WebSocket (RFC 6455), the server's side: bytes to messages and back. Sans-io: whoever has a socket
//! pushes what it read and writes what it is given. No extensions, so no compression: a message is as large as it looks.

use std::mem;

use bytes::Bytes;

/// What a peer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole message, of one frame or of many; `text` ones are valid UTF-8.
    Message {
        /// Whether the peer called it text.
        text: bool,
        /// Its payload.
        payload: Bytes,
    },
    /// To be answered by a pong with the same payload, at most 125 octets.
    Ping(Bytes),
    /// An answer, or a sign of life that nobody asked for.
    Pong,
    /// Goodbye, with its code if it gave one. What comes after it has no meaning.
    Close(Option<u16>),
}

/// Why the peer cannot be understood any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A message is larger than allowed. Found by its head, before the payload is read.
    #[error("the message is too large")]
    TooLarge,
    /// More frames in one message than allowed.
    #[error("the message has too many fragments")]
    TooManyFragments,
    /// Reserved bits or opcodes, no mask, a control frame that is long or in parts, a continuation of nothing.
    #[error("the frame is not one of RFC 6455")]
    Malformed,
    /// Text that is not UTF-8. Found by its first octet that cannot be.
    #[error("the text is not UTF-8")]
    NotUtf8,
}

/// The largest head of a frame: two octets, eight of length, four of mask.
const HEAD_BYTES_MAX: usize = 14;
const CONTROL_BYTES_MAX: u64 = 125;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// What one peer's octets may grow to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one message, all its frames together.
    pub message_bytes_max: usize,
    /// Frames of one message.
    pub fragments_max: usize,
}

/// Makes messages of what a client sends. Between messages it holds no memory of its own.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    head: [u8; HEAD_BYTES_MAX],
    head_len: u8,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The frame's payload so far, behind that of the message's earlier frames unless it is a control frame.
    payload: Vec<u8>,
    /// The message whose frames are coming in.
    message: Option<Message>,
    /// Payload of the message's frames while a control frame stands between them.
    aside: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: u8,
    fin: bool,
    mask: [u8; 4],
    /// How far into the mask.
    phase: u8,
    left: usize,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    text: bool,
    fragments: usize,
    /// So many octets of the text are known to be UTF-8.
    checked: usize,
}

impl Decoder {
    /// At the start of a connection.
    pub fn new(limits: Limits) -> Decoder {
        Decoder {
            limits,
            head: [0; HEAD_BYTES_MAX],
            head_len: 0,
            frame: None,
            payload: Vec::new(),
            message: None,
            aside: Vec::new(),
        }
    }

    /// Whether a frame or a message has begun and not ended.
    pub fn is_mid_message(&self) -> bool {
        self.head_len > 0 || self.frame.is_some() || self.message.is_some()
    }

    /// Takes octets from the front of `input` until there is an event; none when all were taken.
    ///
    /// # Errors
    /// The peer cannot be understood any more; nothing may be pushed after it.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Error> {
        loop {
            if self.frame.is_none() && !self.read_head(input)? {
                return Ok(None);
            }
            let Some(frame) = &mut self.frame else {
                return Ok(None);
            };
            let count = frame.left.min(input.len());
            let (part, rest) = input.split_at(count);
            *input = rest;
            let start = self.payload.len();
            self.payload.extend_from_slice(part);
            unmask(&mut self.payload[start..], frame.mask, frame.phase);
            frame.phase = (frame.phase + (count % 4) as u8) % 4;
            frame.left -= count;
            let (is_data, is_whole) = (frame.opcode < CLOSE, frame.left == 0);
            if is_data {
                self.check_text()?;
            }
            if !is_whole {
                return Ok(None);
            }
            if let Some(event) = self.end_frame()? {
                return Ok(Some(event));
            }
        }
    }

    /// Whether the head is complete and understood.
    fn read_head(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        loop {
            let needed = self.head_bytes();
            let have = usize::from(self.head_len);
            if have == needed {
                break;
            }
            let count = (needed - have).min(input.len());
            if count == 0 {
                return Ok(false);
            }
            let (part, rest) = input.split_at(count);
            self.head[have..have + count].copy_from_slice(part);
            self.head_len += count as u8;
            *input = rest;
            let (reserved, is_masked) = (self.head[0] & 0x70 != 0, self.head[1] & 0x80 != 0);
            if self.head_len >= 2 && (reserved || !is_masked) {
                return Err(Error::Malformed);
            }
        }
        self.begin_frame()?;
        Ok(true)
    }

    /// How long the head is, as far as is known.
    fn head_bytes(&self) -> usize {
        match (self.head_len, self.head[1] & 0x7f) {
            (0 | 1, _) => 2,
            (_, 126) => 2 + 2 + 4,
            (_, 127) => 2 + 8 + 4,
            _ => 2 + 4,
        }
    }

    fn begin_frame(&mut self) -> Result<(), Error> {
        let head = &self.head[..usize::from(mem::take(&mut self.head_len))];
        let (fin, opcode) = (head[0] & 0x80 != 0, head[0] & 0x0f);
        let (length, mask) = head[2..].split_at(head.len() - 2 - 4);
        let length = match length.len() {
            0 => u64::from(head[1] & 0x7f),
            _ => length.iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet)),
        };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        let before = match (opcode, &mut self.message) {
            (CLOSE | PING | PONG, _) if fin && length <= CONTROL_BYTES_MAX => {
                self.aside = mem::take(&mut self.payload);
                0
            }
            (CONTINUATION, Some(message)) => {
                message.fragments += 1;
                if message.fragments > self.limits.fragments_max {
                    return Err(Error::TooManyFragments);
                }
                self.payload.len()
            }
            (TEXT | BINARY, message @ None) => {
                *message = Some(Message {
                    text: opcode == TEXT,
                    fragments: 1,
                    checked: 0,
                });
                0
            }
            _ => return Err(Error::Malformed),
        };
        let room = self.limits.message_bytes_max.saturating_sub(before);
        let left = usize::try_from(length)
            .ok()
            .filter(|length| *length <= room || opcode >= CLOSE);
        let left = left.ok_or(Error::TooLarge)?;
        self.frame = Some(Frame {
            opcode,
            fin,
            mask,
            phase: 0,
            left,
        });
        Ok(())
    }

    /// Text is checked as it comes in: what is wrong is told before the rest is there.
    fn check_text(&mut self) -> Result<(), Error> {
        let Some(message) = self.message.as_mut().filter(|message| message.text) else {
            return Ok(());
        };
        match std::str::from_utf8(&self.payload[message.checked..]) {
            Ok(_) => message.checked = self.payload.len(),
            // Its last character may go on.
            Err(error) if error.error_len().is_none() => message.checked += error.valid_up_to(),
            Err(_) => return Err(Error::NotUtf8),
        }
        Ok(())
    }

    fn end_frame(&mut self) -> Result<Option<Event>, Error> {
        let Some(frame) = self.frame.take() else {
            return Ok(None);
        };
        if frame.opcode >= CLOSE {
            let aside = mem::take(&mut self.aside);
            let payload = mem::replace(&mut self.payload, aside);
            return control(frame.opcode, payload).map(Some);
        }
        if !frame.fin {
            return Ok(None);
        }
        let Some(message) = self.message.take() else {
            return Err(Error::Malformed);
        };
        let payload = mem::take(&mut self.payload);
        if message.text && message.checked < payload.len() {
            return Err(Error::NotUtf8);
        }
        Ok(Some(Event::Message {
            text: message.text,
            payload: payload.into(),
        }))
    }
}

fn control(opcode: u8, payload: Vec<u8>) -> Result<Event, Error> {
    match (opcode, payload.len()) {
        (PING, _) => Ok(Event::Ping(payload.into())),
        (PONG, _) => Ok(Event::Pong),
        (_, 0) => Ok(Event::Close(None)),
        (_, 1) => Err(Error::Malformed),
        _ => {
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            if !may_be_sent(code) {
                return Err(Error::Malformed);
            }
            if std::str::from_utf8(&payload[2..]).is_err() {
                return Err(Error::NotUtf8);
            }
            Ok(Event::Close(Some(code)))
        }
    }
}

/// RFC 6455, 7.4: codes that a peer may put into a close frame.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

fn unmask(payload: &mut [u8], mut mask: [u8; 4], phase: u8) {
    mask.rotate_left(phase.into());
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let (chunks, rest) = payload.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (octet, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *octet ^= key;
    }
}

/// The head of a frame that a server sends: not masked, a whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    octets: [u8; 10],
    len: u8,
}

impl Head {
    /// Of a text message with a payload of this many octets.
    pub fn text(payload: usize) -> Head {
        Head::new(TEXT, payload)
    }

    /// Of a binary message.
    pub fn binary(payload: usize) -> Head {
        Head::new(BINARY, payload)
    }

    /// Of a ping; at most 125 octets.
    pub fn ping(payload: usize) -> Head {
        Head::new(PING, payload)
    }

    /// Of a pong; at most 125 octets.
    pub fn pong(payload: usize) -> Head {
        Head::new(PONG, payload)
    }

    /// Of a goodbye; at most 125 octets: two of the code, then the reason.
    pub fn close(payload: usize) -> Head {
        Head::new(CLOSE, payload)
    }

    fn new(opcode: u8, payload: usize) -> Head {
        let mut octets = [0; 10];
        octets[0] = 0x80 | opcode;
        let len = match payload {
            0..=125 => {
                octets[1] = payload as u8;
                2
            }
            126..=0xffff => {
                octets[1] = 126;
                octets[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
                4
            }
            _ => {
                octets[1] = 127;
                octets[2..].copy_from_slice(&(payload as u64).to_be_bytes());
                10
            }
        };
        Head { octets, len }
    }

    /// The octets that go before the payload.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}
