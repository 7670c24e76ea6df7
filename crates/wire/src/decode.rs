use bytes::Bytes;

use crate::{Command, Frame, Headers, Version};

/// What a peer may send at most. Checked while a frame is still arriving, so that none is ever held beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Headers of one frame, repeated ones counted.
    pub headers_max: usize,
    /// Octets of command and headers together, with line ends.
    pub head_bytes_max: usize,
    /// Octets of a body.
    pub body_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            headers_max: 64,
            head_bytes_max: 16 * 1024,
            body_bytes_max: 64 * 1024,
        }
    }
}

/// What the decoder found next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A whole frame.
    Frame(Frame),
    /// A line end between frames: a sign of life and no more. The one after a frame's NUL is told as well.
    HeartBeat,
}

/// Why the octets are not STOMP. Fatal: after it the decoder only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first line is no command of the protocol (they are case sensitive).
    #[error("unknown command")]
    UnknownCommand,
    /// A header line without colon or with an empty name, or with NUL or (1.2) a carriage return in it.
    #[error("malformed header")]
    MalformedHeader,
    /// A backslash sequence that this version does not define.
    #[error("undefined escape sequence in a header")]
    InvalidEscape,
    /// Command or headers are not UTF-8.
    #[error("a header is not valid UTF-8")]
    InvalidUtf8,
    /// `content-length` is not a row of digits.
    #[error("invalid content-length")]
    InvalidContentLength,
    /// The octet after `content-length` octets of body is not NUL.
    #[error("no NUL where content-length says that the body ends")]
    MissingNul,
    /// A body on a frame that may not have one.
    #[error("this kind of frame has no body")]
    BodyNotAllowed,
    /// More headers than [`Limits::headers_max`].
    #[error("too many headers")]
    TooManyHeaders,
    /// More octets before the body than [`Limits::head_bytes_max`].
    #[error("headers too large")]
    HeadTooLarge,
    /// A longer body than [`Limits::body_bytes_max`].
    #[error("body too large")]
    BodyTooLarge,
}

impl DecodeError {
    /// Whether a limit was passed, as opposed to a broken frame.
    pub fn is_too_large(self) -> bool {
        matches!(self, Self::TooManyHeaders | Self::HeadTooLarge | Self::BodyTooLarge)
    }
}

/// The longest command line that is waited for; a longer one is unknown.
const COMMAND_BYTES_MAX: usize = 32;

/// Turns octets into frames, in whatever pieces they come.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    version: Version,
    buffer: Vec<u8>,
    /// Where in `buffer` the unread part starts.
    at: usize,
    /// Up to where the unread part was searched already for what ends it.
    searched: usize,
    stage: Stage,
    failed: Option<DecodeError>,
}

#[derive(Debug)]
enum Stage {
    Between,
    Command,
    Head { frame: Frame, bytes: usize },
    Body { frame: Frame, length: Option<usize> },
}

impl Decoder {
    /// A decoder at the start of a stream. Until [`Decoder::set_version`] it reads as 1.2.
    pub fn new(limits: Limits) -> Decoder {
        Decoder {
            limits,
            version: Version::V1_2,
            buffer: Vec::new(),
            at: 0,
            searched: 0,
            stage: Stage::Between,
            failed: None,
        }
    }

    /// Reads what follows by the rules of `version`. Call it after the frame that agreed on it, before the next
    /// [`Decoder::next`]; later frames that were pushed already are read by the new rules.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// Takes in what arrived. Empty it with [`Decoder::next`] before pushing more: only frames are limited, not what is
    /// pushed at once.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a frame has begun and not ended yet.
    pub fn is_mid_frame(&self) -> bool {
        !matches!(self.stage, Stage::Between) || self.at < self.buffer.len()
    }

    /// The headers read so far of the frame that is arriving, or of the one that failed.
    pub fn partial_headers(&self) -> Option<&Headers> {
        match &self.stage {
            Stage::Between | Stage::Command => None,
            Stage::Head { frame, .. } | Stage::Body { frame, .. } => Some(&frame.headers),
        }
    }

    /// The next frame or heart-beat; `None` when more octets are needed.
    ///
    /// # Errors
    /// The stream is broken or passed a limit. Nothing can be read after it.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not be pushed to between items"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, DecodeError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.advance() {
            Ok(Some(event)) => Ok(Some(event)),
            Ok(None) => {
                self.drop_read();
                Ok(None)
            }
            Err(error) => {
                self.failed = Some(error);
                self.buffer = Vec::new();
                (self.at, self.searched) = (0, 0);
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Event>, DecodeError> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Between) {
                Stage::Between => match self.unread() {
                    [] | [b'\r'] => return Ok(None),
                    [b'\n', ..] => {
                        self.consume(1);
                        return Ok(Some(Event::HeartBeat));
                    }
                    [b'\r', b'\n', ..] => {
                        self.consume(2);
                        return Ok(Some(Event::HeartBeat));
                    }
                    _ => self.stage = Stage::Command,
                },
                Stage::Command => {
                    self.stage = Stage::Command;
                    let Some(command) = self.read_command()? else {
                        return Ok(None);
                    };
                    self.stage = Stage::Head {
                        frame: Frame::new(command),
                        bytes: command.as_str().len() + 1,
                    };
                }
                Stage::Head { mut frame, mut bytes } => {
                    let line = self.read_header(&mut frame, &mut bytes);
                    self.stage = Stage::Head { frame, bytes };
                    match line? {
                        Line::Incomplete => return Ok(None),
                        Line::Header => {}
                        Line::End => self.begin_body()?,
                    }
                }
                Stage::Body { mut frame, length } => {
                    let body = self.read_body(frame.command, length);
                    if let Ok(Some(body)) = body {
                        frame.body = body;
                        return Ok(Some(Event::Frame(frame)));
                    }
                    self.stage = Stage::Body { frame, length };
                    return body.map(|_| None);
                }
            }
        }
    }

    fn read_command(&mut self) -> Result<Option<Command>, DecodeError> {
        let Some(end) = self.line_end_within(COMMAND_BYTES_MAX, DecodeError::UnknownCommand)? else {
            let too_long = self.unread().len() > COMMAND_BYTES_MAX;
            return if too_long {
                Err(DecodeError::UnknownCommand)
            } else {
                Ok(None)
            };
        };
        let line = without_carriage_return(&self.unread()[..end]);
        let command = Command::parse(line).ok_or(DecodeError::UnknownCommand)?;
        self.consume(end + 1);
        Ok(Some(command))
    }

    /// Where the line ends. Behind a line of more than `octets_max` nothing counts any more, whatever has arrived with it:
    /// such a line is `too_long`, in any split.
    fn line_end_within(&mut self, octets_max: usize, too_long: DecodeError) -> Result<Option<usize>, DecodeError> {
        self.find_line_end().map_err(|error| {
            let counts = self.unread().iter().take(octets_max + 1).any(|octet| *octet == 0);
            if counts { error } else { too_long }
        })
    }

    fn read_header(&mut self, frame: &mut Frame, bytes: &mut usize) -> Result<Line, DecodeError> {
        let left = self.limits.head_bytes_max.saturating_sub(*bytes);
        let end = self.line_end_within(left, DecodeError::HeadTooLarge)?;
        let length = end.map_or(self.unread().len(), |end| end + 1);
        if *bytes + length > self.limits.head_bytes_max {
            return Err(DecodeError::HeadTooLarge);
        }
        let Some(end) = end else {
            return Ok(Line::Incomplete);
        };
        let line = without_carriage_return(&self.buffer[self.at..self.at + end]);
        let found = if line.is_empty() { Line::End } else { Line::Header };
        if matches!(found, Line::Header) {
            if frame.headers.len() == self.limits.headers_max {
                return Err(DecodeError::TooManyHeaders);
            }
            parse_header(line, frame.command, self.version, &mut frame.headers)?;
        }
        *bytes += length;
        self.consume(length);
        Ok(found)
    }

    /// From the empty line on: is there to be a body, and how long?
    fn begin_body(&mut self) -> Result<(), DecodeError> {
        let Stage::Head { frame, .. } = &self.stage else {
            unreachable!("a head has just been read");
        };
        let length = frame
            .get("content-length")
            .map(|value| self.body_length(value))
            .transpose()?;
        if length.is_some_and(|length| length > 0) && !frame.command.may_have_body() {
            return Err(DecodeError::BodyNotAllowed);
        }
        if let Stage::Head { frame, .. } = std::mem::replace(&mut self.stage, Stage::Between) {
            self.stage = Stage::Body { frame, length };
        }
        Ok(())
    }

    fn body_length(&self, value: &str) -> Result<usize, DecodeError> {
        if value.is_empty() || !value.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(DecodeError::InvalidContentLength);
        }
        let length = value.parse().unwrap_or(usize::MAX);
        if length > self.limits.body_bytes_max {
            Err(DecodeError::BodyTooLarge)
        } else {
            Ok(length)
        }
    }

    fn read_body(&mut self, command: Command, length: Option<usize>) -> Result<Option<Bytes>, DecodeError> {
        let end = match length {
            Some(length) if self.unread().len() <= length => return Ok(None),
            Some(length) if self.unread()[length] != 0 => return Err(DecodeError::MissingNul),
            Some(length) => length,
            None => match self.find(|octet| octet == 0) {
                Some(end) => end,
                None => self.unread().len(),
            },
        };
        if end > 0 && !command.may_have_body() {
            return Err(DecodeError::BodyNotAllowed);
        }
        if end > self.limits.body_bytes_max {
            return Err(DecodeError::BodyTooLarge);
        }
        if end == self.unread().len() {
            return Ok(None);
        }
        let body = Bytes::copy_from_slice(&self.unread()[..end]);
        self.consume(end + 1);
        Ok(Some(body))
    }

    /// Where the line ends that starts here; a NUL before its end breaks it.
    fn find_line_end(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.find(|octet| octet == b'\n' || octet == 0) {
            Some(end) if self.unread()[end] == 0 => Err(DecodeError::MalformedHeader),
            found => Ok(found),
        }
    }

    fn find(&mut self, wanted: impl Fn(u8) -> bool) -> Option<usize> {
        let found = self.buffer[self.searched..].iter().position(|&octet| wanted(octet));
        self.searched = found.map_or(self.buffer.len(), |offset| self.searched + offset);
        found.map(|_| self.searched - self.at)
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    fn consume(&mut self, octets: usize) {
        self.at += octets;
        self.searched = self.at;
    }

    fn drop_read(&mut self) {
        if self.at == self.buffer.len() {
            // Given back, so that an idle connection holds none.
            self.buffer = Vec::new();
        } else if self.at > 0 {
            self.buffer.drain(..self.at);
        }
        self.searched -= self.at;
        self.at = 0;
    }
}

enum Line {
    Incomplete,
    Header,
    End,
}

fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn parse_header(line: &[u8], command: Command, version: Version, headers: &mut Headers) -> Result<(), DecodeError> {
    let line = std::str::from_utf8(line).map_err(|_| DecodeError::InvalidUtf8)?;
    // The first colon divides: 1.0 has no other way to write one in a value, and old clients of 1.1 do not know theirs.
    let (name, value) = line.split_once(':').ok_or(DecodeError::MalformedHeader)?;
    // Only examples of 1.0 pad their headers; later versions forbid to trim.
    let (name, value) = if version == Version::V1_0 {
        (name.trim(), value.trim())
    } else {
        (name, value)
    };
    if name.is_empty() || (version == Version::V1_2 && line.contains('\r')) {
        return Err(DecodeError::MalformedHeader);
    }
    if version > Version::V1_0 && command.escapes_headers() && line.contains('\\') {
        headers.push(&unescape(name, version)?, &unescape(value, version)?);
    } else {
        headers.push(name, value);
    }
    Ok(())
}

fn unescape(text: &str, version: Version) -> Result<String, DecodeError> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\\' => match rest.next() {
                Some('n') => '\n',
                Some('c') => ':',
                Some('\\') => '\\',
                Some('r') if version == Version::V1_2 => '\r',
                _ => return Err(DecodeError::InvalidEscape),
            },
            other => other,
        });
    }
    Ok(plain)
}
