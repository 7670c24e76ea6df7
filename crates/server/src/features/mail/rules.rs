//! When a mail is tried again, and what may stand in its head.

/// Longest address (RFC 5321, 4.5.3.1.3).
const ADDRESS_CHARS_MAX: usize = 254;
/// Longest subject.
const SUBJECT_CHARS_MAX: usize = 200;
/// What is kept of an error.
const ERROR_CHARS_MAX: usize = 500;

/// The pauses between tries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    pub(super) first_s: u64,
    pub(super) max_s: u64,
}

impl Pauses {
    /// How long to wait after this many failures (at least 1).
    pub(super) fn after(self, failures: i32) -> u64 {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(63);
        self.first_s.saturating_mul(1 << doublings).min(self.max_s)
    }
}

/// The address without white space around it, if it has the length of one and no control characters.
pub(super) fn address(text: &str) -> Option<String> {
    let address = text.trim();
    let fits = (3..=ADDRESS_CHARS_MAX).contains(&address.chars().count());
    (fits && !address.chars().any(char::is_control)).then(|| address.to_owned())
}

/// One line, not too long: control characters become spaces.
pub(super) fn one_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(clean).take(SUBJECT_CHARS_MAX).collect()
}

/// What is kept of an error.
pub(super) fn short(error: &str) -> String {
    error.chars().take(ERROR_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses = Pauses {
            first_s: 30,
            max_s: 3600,
        };
        let all: Vec<u64> = (1..=9).map(|n| pauses.after(n)).collect();
        assert_eq!(all, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pauses.after(i32::MAX), 3600);
    }

    #[test]
    fn nothing_of_a_head_reaches_into_the_next_line() {
        assert_eq!(address("a@example.com\r\nBcc: b@example.com"), None);
        assert_eq!(address(" a@example.com "), Some("a@example.com".into()));
        assert_eq!(one_line("a\r\nBcc: b@example.com"), "a  Bcc: b@example.com");
    }
}
