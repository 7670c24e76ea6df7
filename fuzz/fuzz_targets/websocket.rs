//! WebSocket: whatever the octets and however they are split, the events and the error are the same.
//!
//! Of the input the first octet chooses the size of the pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::websocket::{Decoder, Error, Event, Limits};

/// Small, so that both of them are met.
const LIMITS: Limits = Limits {
    message_bytes_max: 150,
    fragments_max: 3,
};

fn decode(pieces: &[&[u8]]) -> (Vec<Event>, Result<(), Error>) {
    let (mut decoder, mut events) = (Decoder::new(LIMITS), Vec::new());
    let result = pieces.iter().try_for_each(|piece| {
        let mut rest = *piece;
        while let Some(event) = decoder.decode(&mut rest)? {
            events.push(event);
        }
        assert!(rest.is_empty(), "what makes no event is kept");
        Ok(())
    });
    (events, result)
}

fuzz_target!(|input: &[u8]| {
    let [size, bytes @ ..] = input else {
        return;
    };
    let whole = decode(&[bytes]);
    let pieces: Vec<_> = bytes.chunks(usize::from(*size).max(1)).collect();
    assert_eq!(whole, decode(&pieces));
    for event in whole.0 {
        if let Event::Message { text, payload } = event {
            assert!(payload.len() <= LIMITS.message_bytes_max);
            assert!(!text || std::str::from_utf8(&payload).is_ok());
        }
    }
});
