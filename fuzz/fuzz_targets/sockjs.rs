//! What SockJS peers post: JSON of strings. It reads what serde_json reads, and lone surrogates besides, never more.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::sockjs::{put_string, strings};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let known: Option<Vec<String>> = serde_json::from_str(text).ok();
    let read = strings(text).ok();
    if let Some(known) = known {
        assert_eq!(read.as_ref(), Some(&known));
    }
    for string in read.into_iter().flatten() {
        let mut written = String::new();
        put_string(&string, &mut written);
        let again: String = serde_json::from_str(&written).expect("what is written is JSON");
        assert_eq!(again, string);
    }
});
