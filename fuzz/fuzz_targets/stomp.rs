//! STOMP: whatever the octets and however they are split, the frames and the error are the same; and a frame that was
//! read can be written and read again.
//!
//! Of the input the first octet chooses the version, the second the size of the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{DecodeError, Decoder, Event, Limits, Version, encode};

/// Small, so that every one of them is met.
const LIMITS: Limits = Limits {
    headers_max: 6,
    head_bytes_max: 120,
    body_bytes_max: 60,
};

fn decoder(version: Version) -> Decoder {
    let mut decoder = Decoder::new(LIMITS);
    decoder.set_version(version);
    decoder
}

fn drain(decoder: &mut Decoder, events: &mut Vec<Event>) -> Result<(), DecodeError> {
    while let Some(event) = decoder.next()? {
        events.push(event);
    }
    Ok(())
}

fn decode(version: Version, pieces: &[&[u8]]) -> (Vec<Event>, Result<(), DecodeError>) {
    let (mut decoder, mut events) = (decoder(version), Vec::new());
    let result = pieces.iter().try_for_each(|piece| {
        decoder.push(piece);
        drain(&mut decoder, &mut events)
    });
    (events, result)
}

fuzz_target!(|input: &[u8]| {
    let [version, size, bytes @ ..] = input else {
        return;
    };
    let version = Version::ALL[usize::from(*version) % Version::ALL.len()];
    let (whole, result) = decode(version, &[bytes]);
    let pieces: Vec<_> = bytes.chunks(usize::from(*size).max(1)).collect();
    let split = decode(version, &pieces);
    assert_eq!((&whole, &result), (&split.0, &split.1));
    for event in &whole {
        let Event::Frame(frame) = event else { continue };
        let mut bytes = Vec::new();
        encode(frame, version, &mut bytes);
        let mut again = Decoder::new(Limits::default());
        again.set_version(version);
        again.push(&bytes);
        let Ok(Some(Event::Frame(again))) = again.next() else {
            panic!("{frame:?} was written as {bytes:?}");
        };
        assert_eq!((again.command, &again.body), (frame.command, &frame.body));
        // What a version has no escape for is left out.
        let is_plain = |text: &str| !text.contains(['\r', '\n', '\0', ':', '\\']);
        if frame
            .headers
            .iter()
            .all(|(name, value)| is_plain(name) && is_plain(value))
        {
            for (name, _) in frame.headers.iter().filter(|(name, _)| *name != "content-length") {
                assert_eq!(again.headers.get(name), frame.headers.get(name), "{name}");
            }
        }
    }
});
