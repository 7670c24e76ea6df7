//! The frames of SockJS, to the peer.

use wire::sockjs as json;

pub(super) const OPEN: &str = "o";
pub(super) const HEART_BEAT: &str = "h";

/// `a["…","…"]`
pub(super) fn messages<'a>(messages: impl Iterator<Item = &'a str>) -> String {
    let mut frame = String::from("a[");
    for (index, message) in messages.enumerate() {
        if index > 0 {
            frame.push(',');
        }
        json::put_string(message, &mut frame);
    }
    frame.push(']');
    frame
}

/// `c[code,"reason"]`
pub(super) fn close(code: u16, reason: &str) -> String {
    let mut frame = format!("c[{code},");
    json::put_string(reason, &mut frame);
    frame.push(']');
    frame
}
