//! How long a customer may expect to wait.

/// Of the waits there were of late, that many are looked at.
pub const WAITS: i64 = 20;
/// How far back they may lie.
pub const WAITS_S: u64 = 24 * 60 * 60;
/// With fewer nothing is expected.
const WAITS_MIN: usize = 3;

/// The median of waits in milliseconds, in whole seconds.
pub fn expected_wait_s(mut waits_ms: Vec<i64>) -> Option<i64> {
    if waits_ms.len() < WAITS_MIN {
        return None;
    }
    waits_ms.sort_unstable();
    let upper = waits_ms.len() / 2;
    let lower = (waits_ms.len() - 1) / 2;
    Some((waits_ms[lower] + waits_ms[upper]) / 2 / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_expected_once_there_are_three() {
        assert_eq!(expected_wait_s(vec![1000, 2000]), None);
        assert_eq!(expected_wait_s(vec![9000, 1000, 2000]), Some(2));
        assert_eq!(expected_wait_s(vec![9000, 1000, 2000, 4000]), Some(3));
    }
}
