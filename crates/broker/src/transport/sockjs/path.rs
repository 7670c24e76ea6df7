//! Which path means what.

use super::receiver::Kind;

/// A longer one is no session's.
const SESSION_BYTES_MAX: usize = 128;

/// What there is below a base path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint<'a> {
    Greeting,
    Info,
    /// A WebSocket without frames.
    Raw,
    Framed,
    Listen {
        session: &'a str,
        kind: Kind,
    },
    Post {
        session: &'a str,
    },
}

/// What `rest` means behind the base path. Names of servers say nothing; `jsonp`, `htmlfile` and iframes are unknown.
pub(super) fn parse(rest: &str) -> Option<Endpoint<'_>> {
    match rest {
        "" | "/" => return Some(Endpoint::Greeting),
        "/info" => return Some(Endpoint::Info),
        "/websocket" => return Some(Endpoint::Raw),
        _ => {}
    }
    let mut segments = rest.strip_prefix('/')?.split('/');
    let (server, session, transport) = (segments.next()?, segments.next()?, segments.next()?);
    let is_name = |name: &str| !name.is_empty() && name.len() <= SESSION_BYTES_MAX && !name.contains('.');
    if segments.next().is_some() || !is_name(server) || !is_name(session) {
        return None;
    }
    let listen = |kind| Some(Endpoint::Listen { session, kind });
    match transport {
        "websocket" => Some(Endpoint::Framed),
        "xhr" => listen(Kind::Xhr),
        "xhr_streaming" => listen(Kind::XhrStreaming),
        "eventsource" => listen(Kind::EventSource),
        "xhr_send" => Some(Endpoint::Post { session }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_name_whatever_the_server() {
        for path in ["/000/abc/xhr", "/a%20b/abc/xhr"] {
            let expected = Endpoint::Listen {
                session: "abc",
                kind: Kind::Xhr,
            };
            assert_eq!(parse(path), Some(expected));
        }
        assert_eq!(parse("/0/abc/xhr_send"), Some(Endpoint::Post { session: "abc" }));
    }

    #[test]
    fn other_paths_are_unknown() {
        let long = format!("/0/{}/xhr", "x".repeat(SESSION_BYTES_MAX + 1));
        for path in [
            "//",
            "/a",
            "/info/",
            "/a/b",
            "//a/xhr",
            "/a//xhr",
            "/a.b/c/xhr",
            "/a/b.c/xhr",
            "/a/b/xhr/",
            "/a/b/c/xhr",
            "/a/b/XHR",
            "/a/b/jsonp",
            "/a/b/jsonp_send",
            "/a/b/htmlfile",
            "/iframe.html",
            "/iframe-1.html",
            "/a/b/",
            &long,
        ] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
