//! What comes after a session's end.

use std::sync::Arc;

use super::moves::load;
use super::rules::Rating;
use super::{Inner, Support, store};
use crate::features::messages::{ChangeFuture, RoomChange, Turn};
use crate::problem::Refusal;

impl Support {
    /// The customer rates the session, or changes the rating.
    ///
    /// # Errors
    /// `invalid_request`; `wrong_state` before the end and long after it.
    pub(super) async fn rate(&self, session_id: i64, score: i32, comment: Option<&str>) -> Result<(), Refusal> {
        let support = &self.0;
        let rating = Rating::new(score, comment, support.rating_comment_chars_max, support.clock.now())?;
        let change = Rate {
            support: Arc::clone(support),
            session_id,
            rating,
        };
        support.messages.change(change).await
    }
}

struct Rate {
    support: Arc<Inner>,
    session_id: i64,
    rating: Rating,
}

impl RoomChange for Rate {
    type Output = ();

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let case = load(turn, self.session_id).await?;
            case.may_be_rated(self.rating.at, self.support.rating_open_s)
                .map_err(super::moves::refusal)?;
            store::rate(turn.tx(), self.session_id, &self.rating).await?;
            turn.count_change(self.session_id).await?;
            Ok(())
        })
    }
}
