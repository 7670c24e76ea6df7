//! What CONNECT and CONNECTED agree on. Pure.

use std::time::Duration;

use wire::{Command, Frame, Headers, Version};

/// The outcome of a CONNECT frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Negotiated {
    pub(crate) version: Version,
    /// How often the server has to say something; never, if none.
    pub(crate) outgoing: Option<Duration>,
    /// How often the peer promised to.
    pub(crate) incoming: Option<Duration>,
}

impl Negotiated {
    /// Of a connection that has nothing to agree on.
    pub(crate) const NOTHING: Negotiated = Negotiated {
        version: Version::V1_2,
        outgoing: None,
        incoming: None,
    };
}

/// Why nothing was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Disagreement {
    #[error("None of the versions in accept-version is spoken here: 1.0, 1.1, 1.2.")]
    Version,
    #[error("The heart-beat header is not two numbers of milliseconds.")]
    HeartBeat,
}

/// Offers `server` as heart-beat both ways; zero offers none.
pub(crate) fn negotiate(headers: &Headers, server: Duration) -> Result<Negotiated, Disagreement> {
    let version = Version::negotiate(headers.get("accept-version")).ok_or(Disagreement::Version)?;
    let (sends, wants) = match headers.get("heart-beat") {
        Some(value) => parse_heart_beat(value).ok_or(Disagreement::HeartBeat)?,
        None => (Duration::ZERO, Duration::ZERO),
    };
    let agree = |peer: Duration| (!peer.is_zero() && !server.is_zero()).then(|| peer.max(server));
    Ok(Negotiated {
        version,
        outgoing: agree(wants),
        incoming: agree(sends),
    })
}

fn parse_heart_beat(value: &str) -> Option<(Duration, Duration)> {
    let (sends, wants) = value.split_once(',')?;
    Some((parse_millis(sends.trim())?, parse_millis(wants.trim())?))
}

/// Digits only: `parse` alone would take a plus sign. 32 bits are 49 days.
fn parse_millis(digits: &str) -> Option<Duration> {
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    let millis: u32 = if is_number { digits.parse().ok()? } else { return None };
    Some(Duration::from_millis(millis.into()))
}

/// The answer. It shows the server's own heart-beat values; clients work out the rest as the server does.
pub(crate) fn connected(version: Version, server: Duration, user_name: &str) -> Frame {
    let millis = server.as_millis();
    Frame::new(Command::Connected)
        .header("version", version.as_str())
        .header("heart-beat", &format!("{millis},{millis}"))
        .header("user-name", user_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(pairs: &[(&str, &str)], server_ms: u64) -> Result<Negotiated, Disagreement> {
        negotiate(&pairs.iter().copied().collect(), Duration::from_millis(server_ms))
    }

    #[test]
    fn the_highest_common_version_is_chosen() {
        let version = |accepted| agreed(&[("accept-version", accepted)], 0).map(|agreed| agreed.version);
        assert_eq!(version("1.0,1.1,1.2"), Ok(Version::V1_2));
        assert_eq!(version("1.1, 1.0"), Ok(Version::V1_1));
        assert_eq!(version("2.0,1.0"), Ok(Version::V1_0));
        assert_eq!(version("2.0"), Err(Disagreement::Version));
        assert_eq!(version(""), Err(Disagreement::Version));
        assert_eq!(agreed(&[], 0).map(|agreed| agreed.version), Ok(Version::V1_0));
    }

    #[test]
    fn heart_beats_are_the_slower_of_the_two_and_off_if_either_is_zero() {
        let beats = |value, server| agreed(&[("heart-beat", value)], server).map(|a| (a.incoming, a.outgoing));
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(beats("5000,20000", 10_000), Ok((ms(10_000), ms(20_000))));
        assert_eq!(beats("0,0", 10_000), Ok((None, None)));
        assert_eq!(beats("0,1", 10_000), Ok((None, ms(10_000))));
        assert_eq!(beats("1000, 1000", 0), Ok((None, None)));
    }

    #[test]
    fn a_malformed_heart_beat_is_refused() {
        for value in [
            "",
            "1",
            "1,",
            ",1",
            "a,b",
            "-1,0",
            "+1,0",
            "1,2,3",
            "1.5,0",
            "99999999999,0",
        ] {
            assert_eq!(
                agreed(&[("heart-beat", value)], 10),
                Err(Disagreement::HeartBeat),
                "{value}"
            );
        }
    }
}
