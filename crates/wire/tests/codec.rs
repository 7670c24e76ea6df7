//! What the codec promises, for single cases and for anything at all.

use proptest::prelude::*;
use wire::{Command, DecodeError, Decoder, Event, Frame, Limits, Message, Version, encode, encode_message};

const LIMITS: Limits = Limits {
    headers_max: 64,
    head_bytes_max: 16 * 1024,
    body_bytes_max: 64 * 1024,
};

fn decoder(version: Version) -> Decoder {
    let mut decoder = Decoder::new(LIMITS);
    decoder.set_version(version);
    decoder
}

fn drain(decoder: &mut Decoder) -> Result<Vec<Event>, DecodeError> {
    let mut events = Vec::new();
    while let Some(event) = decoder.next()? {
        events.push(event);
    }
    Ok(events)
}

fn decode(version: Version, bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let mut decoder = decoder(version);
    decoder.push(bytes);
    drain(&mut decoder)
}

fn one(version: Version, bytes: &[u8]) -> Result<Frame, DecodeError> {
    let events = decode(version, bytes)?;
    let mut frames = events.into_iter().filter_map(|event| match event {
        Event::Frame(frame) => Some(frame),
        Event::HeartBeat => None,
    });
    let frame = frames.next().expect("a frame");
    assert_eq!(frames.next(), None);
    Ok(frame)
}

fn encoded(frame: &Frame, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(frame, version, &mut bytes);
    bytes
}

#[test]
fn a_frame_is_read_with_either_line_end() {
    for bytes in [
        &b"SEND\ndestination:/a\n\nhi\0"[..],
        b"SEND\r\ndestination:/a\r\n\r\nhi\0\r\n",
    ] {
        for version in Version::ALL {
            let frame = one(version, bytes).unwrap();
            assert_eq!(
                (frame.command, frame.get("destination"), &frame.body[..]),
                (Command::Send, Some("/a"), &b"hi"[..])
            );
        }
    }
}

#[test]
fn line_ends_between_frames_are_heart_beats() {
    let events = decode(Version::V1_2, b"\n\r\nBEGIN\ntransaction:1\n\n\0\n\n").unwrap();
    let beats = events.iter().filter(|event| **event == Event::HeartBeat).count();
    assert_eq!((events.len(), beats), (5, 4));
}

#[test]
fn commands_and_header_names_are_case_sensitive() {
    assert_eq!(one(Version::V1_2, b"send\n\n\0"), Err(DecodeError::UnknownCommand));
    assert_eq!(
        one(Version::V1_2, b"SEND\nDestination:/a\n\n\0")
            .unwrap()
            .get("destination"),
        None
    );
}

#[test]
fn malformed_headers_are_refused() {
    for bytes in [
        &b"SEND\nno colon\n\n\0"[..],
        b"SEND\n:value\n\n\0",
        b"SEND\nna\0me:value\n\n\0",
        b"SEND\0",
        b"SEND\nfoo:bar\0",
    ] {
        assert_eq!(
            one(Version::V1_2, bytes),
            Err(DecodeError::MalformedHeader),
            "{bytes:?}"
        );
    }
    assert_eq!(
        one(Version::V1_2, b"SEND\nfoo:a\rb\n\n\0"),
        Err(DecodeError::MalformedHeader)
    );
    assert_eq!(
        one(Version::V1_2, b"SEND\nfoo:\xff\n\n\0"),
        Err(DecodeError::InvalidUtf8)
    );
    assert_eq!(
        one(Version::V1_0, b"SEND\n  :value\n\n\0"),
        Err(DecodeError::MalformedHeader)
    );
}

#[test]
fn raw_colons_in_values_are_taken() {
    assert_eq!(
        one(Version::V1_2, b"SEND\ndestination:product:42\n\n\0")
            .unwrap()
            .get("destination"),
        Some("product:42")
    );
}

#[test]
fn each_version_has_its_own_escapes() {
    let bytes = b"SEND\na\\cb:x\\n\\\\y\n\n\0";
    assert_eq!(one(Version::V1_2, bytes).unwrap().get("a:b"), Some("x\n\\y"));
    assert_eq!(one(Version::V1_1, bytes).unwrap().get("a:b"), Some("x\n\\y"));
    assert_eq!(one(Version::V1_0, bytes).unwrap().get("a\\cb"), Some("x\\n\\\\y"));
    assert_eq!(one(Version::V1_2, b"SEND\na:x\\r\n\n\0").unwrap().get("a"), Some("x\r"));
    assert_eq!(
        one(Version::V1_1, b"SEND\na:x\\r\n\n\0"),
        Err(DecodeError::InvalidEscape)
    );
    for bytes in [
        &b"SEND\na:\\t\n\n\0"[..],
        b"SEND\na:x\\\n\n\0",
        b"SEND\na\\:x\n\n\0",
        b"SEND\na:\\C\n\n\0",
    ] {
        assert_eq!(one(Version::V1_2, bytes), Err(DecodeError::InvalidEscape), "{bytes:?}");
    }
}

#[test]
fn frames_that_agree_on_the_version_are_never_escaped() {
    for command in [Command::Connect, Command::Stomp, Command::Connected] {
        for version in Version::ALL {
            let frame = Frame::new(command).header("passcode", "a\\nb:c\\");
            let bytes = encoded(&frame, version);
            assert_eq!(
                bytes,
                format!("{}\npasscode:a\\nb:c\\\n\n\0", command.as_str()).into_bytes()
            );
            assert_eq!(one(version, &bytes), Ok(frame));
        }
    }
}

#[test]
fn only_1_0_is_trimmed() {
    let bytes = b"SEND\nkey: value \n\n\0";
    assert_eq!(one(Version::V1_2, bytes).unwrap().get("key"), Some(" value "));
    assert_eq!(one(Version::V1_1, bytes).unwrap().get("key"), Some(" value "));
    assert_eq!(one(Version::V1_0, bytes).unwrap().get("key"), Some("value"));
}

#[test]
fn the_first_of_repeated_headers_wins() {
    let frame = one(
        Version::V1_2,
        b"SEND\nfoo:1\nfoo:2\ncontent-length:2\ncontent-length:9\n\na\0\0",
    )
    .unwrap();
    assert_eq!((frame.get("foo"), &frame.body[..]), (Some("1"), &b"a\0"[..]));
}

#[test]
fn empty_values_are_legal() {
    assert_eq!(one(Version::V1_2, b"SEND\nfoo:\n\n\0").unwrap().get("foo"), Some(""));
}

#[test]
fn content_length_says_where_the_body_ends() {
    let frame = one(Version::V1_2, b"SEND\ncontent-length:5\n\na\0b\0c\0").unwrap();
    assert_eq!(&frame.body[..], b"a\0b\0c");
    assert_eq!(
        one(Version::V1_2, b"SEND\ncontent-length:0\n\n\0").unwrap().body.len(),
        0
    );
    assert_eq!(
        one(Version::V1_2, b"SEND\ncontent-length:2\n\nabc\0"),
        Err(DecodeError::MissingNul)
    );
    for value in ["-1", "+1", "", " 1", "0x1", "1e1"] {
        let bytes = format!("SEND\ncontent-length:{value}\n\na\0");
        assert_eq!(
            one(Version::V1_2, bytes.as_bytes()),
            Err(DecodeError::InvalidContentLength),
            "{value}"
        );
    }
}

#[test]
fn without_content_length_the_body_ends_at_the_first_nul() {
    let events = decode(Version::V1_2, b"SEND\n\nab\0BEGIN\n\n\0").unwrap();
    assert_eq!(events.len(), 2);
}

#[test]
fn only_some_frames_have_bodies() {
    for command in Command::ALL {
        let with_length = format!("{}\ncontent-length:1\n\nx\0", command.as_str());
        let without = format!("{}\n\nx\0", command.as_str());
        for bytes in [with_length, without] {
            let result = one(Version::V1_2, bytes.as_bytes());
            match command.may_have_body() {
                true => assert_eq!(&result.unwrap().body[..], b"x"),
                false => assert_eq!(result, Err(DecodeError::BodyNotAllowed), "{bytes:?}"),
            }
        }
    }
}

#[test]
fn limits_hold_before_the_frame_is_whole() {
    let limits = Limits {
        headers_max: 2,
        head_bytes_max: 64,
        body_bytes_max: 8,
    };
    let refused = |bytes: &[u8]| {
        let mut decoder = Decoder::new(limits);
        decoder.push(bytes);
        drain(&mut decoder)
    };
    assert_eq!(refused(&[b'A'; 40]), Err(DecodeError::UnknownCommand));
    assert_eq!(
        refused(&[&b"SEND\n"[..], &[b'a'; 64]].concat()),
        Err(DecodeError::HeadTooLarge)
    );
    assert_eq!(refused(b"SEND\na:1\nb:2\nc:3\n"), Err(DecodeError::TooManyHeaders));
    assert_eq!(refused(b"SEND\ncontent-length:9\n\n"), Err(DecodeError::BodyTooLarge));
    assert_eq!(
        refused(b"SEND\ncontent-length:99999999999999999999999\n\n"),
        Err(DecodeError::BodyTooLarge)
    );
    assert_eq!(refused(b"SEND\n\n123456789"), Err(DecodeError::BodyTooLarge));
    assert_eq!(refused(b"SEND\n\n12345678\0").map(|events| events.len()), Ok(1));
    assert_eq!(
        refused(b"SEND\ncontent-length:8\n\n12345678\0").map(|events| events.len()),
        Ok(1)
    );
}

#[test]
fn a_failed_decoder_stays_failed_and_tells_what_it_read() {
    let mut decoder = decoder(Version::V1_2);
    decoder.push(b"SEND\nreceipt:7\ncontent-length:x\n\n\0");
    assert_eq!(drain(&mut decoder), Err(DecodeError::InvalidContentLength));
    assert_eq!(
        decoder.partial_headers().and_then(|headers| headers.get("receipt")),
        Some("7")
    );
    decoder.push(b"BEGIN\n\n\0");
    assert_eq!(drain(&mut decoder), Err(DecodeError::InvalidContentLength));
}

#[test]
fn rules_change_between_frames_pushed_at_once() {
    let mut decoder = Decoder::new(LIMITS);
    decoder.push(b"CONNECT\naccept-version:1.0\n\n\0SEND\nfoo:a\\cb\n\n\0");
    assert!(decoder.next().unwrap().is_some());
    decoder.set_version(Version::V1_0);
    let Some(Event::Frame(frame)) = decoder.next().unwrap() else {
        panic!("a frame")
    };
    assert_eq!(frame.get("foo"), Some("a\\cb"));
}

#[test]
fn what_a_version_cannot_carry_is_left_out() {
    let frame = Frame::new(Command::Message)
        .header("line", "a\nb")
        .header("return", "a\rb")
        .header("nul", "\0")
        .header("x:y", "1");
    let names = |version| {
        let frame = one(version, &encoded(&frame, version)).unwrap();
        frame
            .headers
            .iter()
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(Version::V1_2), "line return x:y content-length");
    assert_eq!(names(Version::V1_1), "line x:y content-length");
    assert_eq!(names(Version::V1_0), "content-length");
}

#[test]
fn a_message_is_written_as_its_frame_would_be() {
    let headers = [("x-a".to_owned(), "b:c".to_owned())];
    let message = Message {
        destination: "/topic/a:b",
        subscription: Some("sub-0"),
        message_id: "12",
        ack: Some("1-12"),
        content_type: Some("application/json"),
        headers: &headers,
        body: "안녕\0".as_bytes(),
    };
    for version in Version::ALL {
        let frame = Frame::new(Command::Message)
            .header("destination", "/topic/a:b")
            .header("subscription", "sub-0")
            .header("message-id", "12")
            .header("ack", "1-12")
            .header("content-type", "application/json")
            .header("x-a", "b:c")
            .body("안녕\0");
        let mut bytes = Vec::new();
        encode_message(&message, version, &mut bytes);
        assert_eq!(bytes, encoded(&frame, version));
    }
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(&Version::ALL[..])
}

/// Header text that every version can carry in every place, with all that has to be escaped where there are escapes.
fn text(version: Version, command: Command) -> impl Strategy<Value = String> + Clone {
    let escaping = version > Version::V1_0 && command.escapes_headers();
    let pattern = match (escaping, version) {
        (true, Version::V1_2) => "[a-zA-Z0-9\\\\:\n\r 가-힣😀/_-]{1,12}",
        (true, _) => "[a-zA-Z0-9\\\\:\n 가-힣😀/_-]{1,12}",
        // Without escapes neither a colon in a name nor a line end; 1.0 trims.
        (false, _) => "[a-zA-Z0-9\\\\가-힣😀/_-]{1,12}",
    };
    pattern.prop_filter("its length is the encoder's to say", |text| text != "content-length")
}

prop_compose! {
    fn frame_in(version: Version)(command in prop::sample::select(Command::ALL))(
        headers in prop::collection::vec((text(version, command), text(version, command)), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..if command.may_have_body() { 200 } else { 1 }),
        command in Just(command),
    ) -> Frame {
        let headers = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let body = if command.may_have_body() { body.into() } else { Default::default() };
        Frame { command, headers, body }
    }
}

fn frames() -> impl Strategy<Value = (Version, Vec<Frame>)> {
    version().prop_flat_map(|version| (Just(version), prop::collection::vec(frame_in(version), 1..5)))
}

/// As it comes back: with the length that the encoder wrote.
fn with_length(frame: &Frame) -> Frame {
    let frame = frame.clone();
    let length = frame.body.len().to_string();
    if frame.command.may_have_body() {
        frame.header("content-length", &length)
    } else {
        frame
    }
}

#[test]
fn a_nul_behind_a_long_line_is_refused_alike_in_any_split() {
    let long_command = [&[1_u8; 40][..], &[0]].concat();
    let long_header = [b"SEND\na:".as_slice(), &[b'x'; 70_000], &[0]].concat();
    for (bytes, error) in [
        (long_command, DecodeError::UnknownCommand),
        (long_header, DecodeError::HeadTooLarge),
    ] {
        for piece in [1, bytes.len()] {
            let mut decoder = decoder(Version::V1_2);
            let refused = bytes.chunks(piece).find_map(|bytes| {
                decoder.push(bytes);
                decoder.next().err()
            });
            assert_eq!(refused, Some(error));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_back((version, frames) in frames()) {
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| encoded(frame, version)).collect();
        let expected: Vec<Event> = frames.iter().map(|frame| Event::Frame(with_length(frame))).collect();
        prop_assert_eq!(decode(version, &bytes), Ok(expected));
    }

    #[test]
    fn any_split_gives_the_same_frames((version, frames) in frames(), cuts in prop::collection::vec(1usize..40, 1..60)) {
        let bytes: Vec<u8> = frames.iter().flat_map(|frame| [encoded(frame, version), b"\r\n\n".to_vec()].concat()).collect();
        let whole = decode(version, &bytes).unwrap();
        let mut decoder = decoder(version);
        let (mut rest, mut events, mut cuts) = (&bytes[..], Vec::new(), cuts.iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            decoder.push(piece);
            events.extend(drain(&mut decoder).unwrap());
            rest = after;
        }
        prop_assert!(!decoder.is_mid_frame());
        prop_assert_eq!(events, whole);
    }

    /// Broken input gives the same error, after the same frames, however it is split.
    #[test]
    fn nothing_breaks_the_decoder(
        version in version(),
        pieces in prop::collection::vec(prop_oneof![
            Just(b"SEND\n".to_vec()), Just(b"CONNECT\r\n".to_vec()), Just(b"content-length:3\n".to_vec()),
            Just(b"\n".to_vec()), Just(b"\r".to_vec()), Just(b"\0".to_vec()), Just(b"a:b\\c\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ], 0..30),
    ) {
        let whole: Vec<u8> = pieces.concat();
        let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let (mut decoder, mut events) = (decoder(version), Vec::new());
            for piece in pieces {
                decoder.push(piece);
                loop {
                    match decoder.next() {
                        Ok(Some(event)) => events.push(event),
                        Ok(None) => break,
                        Err(error) => return (events, Some(error)),
                    }
                }
            }
            (events, None)
        };
        let at_once = read(&mut std::iter::once(&whole[..]));
        let by_octet = read(&mut whole.chunks(1));
        prop_assert_eq!(at_once, by_octet);
    }
}

#[test]
fn nobody_speaks_for_the_server_in_a_message() {
    let forged = [
        "destination",
        "subscription",
        "message-id",
        "ack",
        "content-length",
        "mine",
    ];
    let headers: Vec<_> = forged.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect();
    let message = wire::Message {
        destination: "/topic/a",
        subscription: None,
        message_id: "7",
        ack: None,
        content_type: None,
        headers: &headers,
        body: b"body",
    };
    for version in Version::ALL {
        let mut bytes = Vec::new();
        wire::encode_message(&message, version, &mut bytes);
        let frame = "MESSAGE\ndestination:/topic/a\nmessage-id:7\nmine:1\ncontent-length:4\n\nbody\0";
        assert_eq!(String::from_utf8(bytes).unwrap(), frame);
    }
}
