//! What a customer says of a session that is over.

use super::{Case, Refused, State};
use crate::problem::Refusal;
use crate::time::Time;

/// A rating.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 1 to 5.
    pub score: i32,
    pub comment: Option<String>,
    pub at: Time,
}

impl Rating {
    /// A rating given now; an empty comment is none.
    ///
    /// # Errors
    /// `invalid_request` for another score, a comment that is too long or holds U+0000.
    pub fn new(score: i32, comment: Option<&str>, comment_chars_max: usize, now: Time) -> Result<Self, Refusal> {
        if !(1..=5).contains(&score) {
            return Err(Refusal::invalid("score (1–5)"));
        }
        let comment = comment.map(str::trim).filter(|comment| !comment.is_empty());
        if comment.is_some_and(|text| text.contains('\0') || text.chars().count() > comment_chars_max) {
            return Err(Refusal::invalid("comment"));
        }
        Ok(Self {
            score,
            comment: comment.map(str::to_owned),
            at: now,
        })
    }
}

impl Case {
    /// Whether the session may be rated, or rated otherwise: from its end on, for `open_s`.
    ///
    /// # Errors
    /// `WrongState` before and after.
    pub const fn may_be_rated(&self, now: Time, open_s: u64) -> Result<(), Refused> {
        match self.state {
            State::Completed { ended_at, .. } if now.ms() <= ended_at.plus_s(open_s).ms() => Ok(()),
            _ => Err(Refused::WrongState),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExitReason, Party, Patience};
    use super::*;

    const PATIENCE: Patience = Patience {
        leave_after_s: 5,
        grace_s: 120,
        waiting_grace_s: 600,
        long_wait_s: 180,
        requeue: false,
    };

    #[test]
    fn a_session_is_rated_from_its_end_until_the_time_is_over() {
        let at = Time::from_ms;
        let mut case = Case::open(1, 7, at(0));
        assert_eq!(case.may_be_rated(at(1), 10), Err(Refused::WrongState), "it waits");
        case.start(8, false, at(1000), &PATIENCE).unwrap();
        assert_eq!(case.may_be_rated(at(1001), 10), Err(Refused::WrongState), "it runs");
        case.end(Party::Agent, ExitReason::Resolved, at(2000)).unwrap();
        assert_eq!(case.may_be_rated(at(2000), 10), Ok(()));
        assert_eq!(case.may_be_rated(at(12_000), 10), Ok(()));
        assert_eq!(case.may_be_rated(at(12_001), 10), Err(Refused::WrongState));
    }

    #[test]
    fn a_rating_has_1_to_5_points_and_a_short_comment() {
        let rate = |score, comment| Rating::new(score, comment, 5, Time::from_ms(9));
        assert!(rate(0, None).is_err() && rate(6, None).is_err());
        assert_eq!(rate(1, Some("  ")).unwrap().comment, None);
        assert_eq!(
            rate(5, Some(" 고마워요! ")).unwrap().comment.as_deref(),
            Some("고마워요!")
        );
        assert!(rate(5, Some("정말 고마워요")).is_err());
        assert!(rate(5, Some("a\0")).is_err());
    }
}
