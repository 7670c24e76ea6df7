//! Times that travel with a message: its `clientMessageId` says when it was due, so whoever hears it knows how long it took.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The id of a message that is due at this moment. Different for each `number`.
pub(crate) fn id(due: Instant, number: u64) -> String {
    format!("{}-{number}", due.saturating_duration_since(*BEGIN).as_micros())
}

/// How long ago the message of this id was due. None: it is not an id of [`id`].
pub(crate) fn since_due(id: &str) -> Option<Duration> {
    let (due, _) = id.split_once('-')?;
    Some(BEGIN.elapsed().saturating_sub(Duration::from_micros(due.parse().ok()?)))
}

/// When the n-th message of so many a second is due.
pub(crate) fn due(begin: Instant, number: u64, per_second: u64) -> Instant {
    begin + Duration::from_micros(number * 1_000_000 / per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_how_late_its_message_is() {
        let since = since_due(&id(Instant::now(), 7)).expect("an id");
        assert!(since < Duration::from_secs(1), "{since:?}");
        assert_eq!(since_due("no id"), None);
    }
}
