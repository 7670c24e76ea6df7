//! The framing of WebSocket, from the client's side.

use proptest::collection::vec;
use proptest::prelude::*;
use wire::websocket::{Decoder, Error, Event, Head, Limits};

const LIMITS: Limits = Limits {
    message_bytes_max: 100_000,
    fragments_max: 8,
};

/// A frame as a client sends it.
fn frame(fin: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![u8::from(fin) << 7 | opcode];
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(octet, key)| octet ^ key));
    bytes
}

fn all_of(decoder: &mut Decoder, mut input: &[u8]) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    while let Some(event) = decoder.decode(&mut input)? {
        events.push(event);
    }
    assert!(input.is_empty(), "what makes no event is kept");
    Ok(events)
}

fn decode(bytes: &[u8]) -> Result<Vec<Event>, Error> {
    all_of(&mut Decoder::new(LIMITS), bytes)
}

fn text(payload: &str) -> Event {
    Event::Message {
        text: true,
        payload: payload.to_owned().into(),
    }
}

#[test]
fn the_example_of_the_rfc() {
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&bytes), Ok(vec![text("Hello")]));
}

#[test]
fn a_control_frame_may_stand_between_the_frames_of_a_message() {
    let bytes = [
        frame(false, 1, b"He"),
        frame(true, 9, b"there?"),
        frame(false, 0, b""),
        frame(true, 0xa, b""),
        frame(true, 0, b"llo"),
        frame(true, 8, &[0x03, 0xe8]),
    ];
    let expected = vec![
        Event::Ping("there?".into()),
        Event::Pong,
        text("Hello"),
        Event::Close(Some(1000)),
    ];
    assert_eq!(decode(&bytes.concat()), Ok(expected));
}

#[test]
fn what_is_not_of_the_rfc_is_refused() {
    let unmasked = [0x81, 0x02, b'H', b'i'];
    let cases: &[(&str, &[u8])] = &[
        ("no mask", &unmasked),
        ("a reserved bit", &[0xc1, 0x80, 0, 0, 0, 0]),
        ("a reserved opcode", &frame(true, 3, b"")),
        ("a reserved control opcode", &frame(true, 0xb, b"")),
        ("a continuation of nothing", &frame(true, 0, b"x")),
        (
            "a message within a message",
            &[frame(false, 1, b"x"), frame(true, 1, b"y")].concat(),
        ),
        ("a control frame in parts", &frame(false, 9, b"")),
        ("a long control frame", &frame(true, 9, &[0; 126])),
        ("half a code", &frame(true, 8, &[3])),
        ("a code nobody may send", &frame(true, 8, &[0x03, 0xee])),
        ("a code out of range", &frame(true, 8, &[0, 1])),
    ];
    for (what, bytes) in cases {
        assert_eq!(decode(bytes), Err(Error::Malformed), "{what}");
    }
    assert_eq!(decode(&frame(true, 1, &[0xff])), Err(Error::NotUtf8));
    assert_eq!(decode(&frame(true, 8, &[0x03, 0xe8, 0xff])), Err(Error::NotUtf8));
    let split_letter = [frame(false, 1, &[0xed, 0x95]), frame(true, 0, &[0x9c])].concat();
    assert_eq!(decode(&split_letter), Ok(vec![text("한")]), "a letter may be split");
}

#[test]
fn text_that_cannot_be_utf_8_is_known_before_the_rest_is_there() {
    let part = |fin, payload: &[u8], there| {
        let mut bytes = frame(fin, 1, payload);
        bytes.truncate(bytes.len() - (payload.len() - there));
        bytes
    };
    let beyond_unicode = [b"ok ", &[0xf4, 0x90][..], b" and more"].concat();
    assert_eq!(
        decode(&part(true, &beyond_unicode, 4)),
        Ok(vec![]),
        "it may still be one"
    );
    assert_eq!(decode(&part(true, &beyond_unicode, 5)), Err(Error::NotUtf8));
    assert_eq!(decode(&part(false, &beyond_unicode, 14)), Err(Error::NotUtf8));
    let half = frame(false, 1, &[0xed, 0x95]);
    assert_eq!(decode(&[&*half, &frame(false, 0, b"x")].concat()), Err(Error::NotUtf8));
    assert_eq!(decode(&[&*half, &frame(true, 0, b"")].concat()), Err(Error::NotUtf8));
    let between = [&*half, &frame(true, 9, &[0xff]), &frame(true, 0, &[0x9c])].concat();
    assert_eq!(decode(&between), Ok(vec![Event::Ping(vec![0xff].into()), text("한")]));
}

#[test]
fn too_large_is_known_from_the_head() {
    let head = |length: u64| {
        let mut bytes = vec![0x82, 0x80 | 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 4]);
        bytes
    };
    assert_eq!(decode(&head(100_001)), Err(Error::TooLarge));
    assert_eq!(decode(&head(u64::MAX)), Err(Error::TooLarge));
    assert_eq!(decode(&head(100_000)), Ok(vec![]));
    let sum = [frame(false, 2, &[0; 60_000]), head(40_001)].concat();
    let sum = [&sum[..60_014 - 6], &[0x80], &sum[60_014 - 6 + 1..]].concat();
    assert_eq!(decode(&sum), Err(Error::TooLarge), "all frames of a message together");
}

#[test]
fn fragments_are_counted() {
    let mut bytes = frame(false, 1, b"");
    bytes.extend(frame(false, 0, b"").repeat(8));
    assert_eq!(decode(&bytes), Err(Error::TooManyFragments));
}

#[test]
fn heads_are_as_short_as_can_be() {
    assert_eq!(Head::text(125).as_bytes(), [0x81, 125]);
    assert_eq!(Head::binary(126).as_bytes(), [0x82, 126, 0, 126]);
    assert_eq!(Head::text(65_535).as_bytes(), [0x81, 126, 0xff, 0xff]);
    assert_eq!(Head::text(65_536).as_bytes(), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    assert_eq!(Head::close(2).as_bytes(), [0x88, 2]);
    assert_eq!(Head::ping(0).as_bytes(), [0x89, 0]);
    assert_eq!(Head::pong(1).as_bytes(), [0x8a, 1]);
}

fn event() -> impl Strategy<Value = (Event, Vec<u8>)> {
    let message = (any::<bool>(), ".{0,300}", 1..4usize).prop_map(|(text, payload, parts)| {
        let payload = payload.into_bytes();
        let size = payload.len().div_ceil(parts).max(1);
        let mut chunks: Vec<_> = payload.chunks(size).collect();
        if chunks.is_empty() {
            chunks.push(&[]);
        }
        let last = chunks.len() - 1;
        let frames = chunks.iter().enumerate().map(|(index, chunk)| {
            let opcode = if index > 0 { 0 } else { 2 - u8::from(text) };
            frame(index == last, opcode, chunk)
        });
        let bytes = frames.collect::<Vec<_>>().concat();
        let payload = payload.into();
        (Event::Message { text, payload }, bytes)
    });
    let ping = vec(any::<u8>(), 0..=125).prop_map(|payload| {
        let bytes = frame(true, 9, &payload);
        (Event::Ping(payload.into()), bytes)
    });
    prop_oneof![4 => message, 1 => ping]
}

proptest! {
    /// Whatever the split of the input, the events are the same.
    #[test]
    fn any_split_gives_the_same_events(events in vec(event(), 0..8), cuts in vec(any::<prop::sample::Index>(), 0..20)) {
        let bytes = events.iter().flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut decoder = Decoder::new(LIMITS);
        let mut came = Vec::new();
        for pair in cuts.windows(2) {
            came.extend(all_of(&mut decoder, &bytes[pair[0]..pair[1]]).unwrap());
        }
        let expected: Vec<_> = events.into_iter().map(|(event, _)| event).collect();
        prop_assert_eq!(came, expected);
        prop_assert!(!decoder.is_mid_message());
    }

    #[test]
    fn no_octets_make_it_panic_and_splits_agree_on_the_error(bytes in vec(any::<u8>(), 0..200)) {
        let whole = decode(&bytes);
        let mut decoder = Decoder::new(LIMITS);
        let octets = bytes.iter().try_fold(Vec::new(), |mut events, octet| {
            events.extend(all_of(&mut decoder, &[*octet])?);
            Ok(events)
        });
        prop_assert_eq!(whole.map_err(|error| (error, ())), octets.map_err(|error: Error| (error, ())));
    }
}
