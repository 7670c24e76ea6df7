//! Agents who look at a session that is not theirs: told to the agents, never to the customer. Of this node only.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use broker::Topic;

use super::view::{PRESENCE, Viewer, ViewersEvent};
use super::{Inner, Support, store};
use crate::problem::Refusal;

impl Support {
    /// Who looks at a session now.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn viewers(&self, session_id: i64) -> Result<Vec<Viewer>, Refusal> {
        self.0.viewers(session_id).await
    }
}

impl Inner {
    /// Somebody came to a session or went, or it got another agent: the viewers may be others now.
    pub(super) fn look_at_viewers(&self, session_id: i64) {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked_at.insert(session_id);
        self.viewed.notify_one();
    }

    /// Tells the agents of every change, for ever.
    pub(super) async fn watch_viewers(&self) {
        let mut told: HashMap<i64, Vec<i64>> = HashMap::new();
        loop {
            self.viewed.notified().await;
            let sessions: HashSet<i64> =
                std::mem::take(&mut *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner));
            for session_id in sessions {
                match self.viewers(session_id).await {
                    Ok(viewers) => self.tell_viewers(&mut told, session_id, viewers),
                    Err(_) => {
                        tokio::time::sleep(super::tasks::RETRY).await;
                        self.look_at_viewers(session_id);
                    }
                }
            }
        }
    }

    fn tell_viewers(&self, told: &mut HashMap<i64, Vec<i64>>, session_id: i64, viewers: Vec<Viewer>) {
        let ids: Vec<i64> = viewers.iter().map(|viewer| viewer.member_id).collect();
        if told.get(&session_id).map_or(&[][..], Vec::as_slice) == ids {
            return;
        }
        if ids.is_empty() {
            told.remove(&session_id);
        } else {
            told.insert(session_id, ids);
        }
        let event = ViewersEvent {
            r#type: "VIEWERS",
            session_id,
            viewers,
        };
        self.outlet.show(&Topic::from(PRESENCE), &event);
    }

    async fn viewers(&self, session_id: i64) -> Result<Vec<Viewer>, Refusal> {
        let here = self.here.members(session_id);
        if here.is_empty() {
            return Ok(Vec::new());
        }
        let Some(case) = store::load(self.db.read(), session_id, false).await? else {
            return Ok(Vec::new());
        };
        let mut viewers = Vec::new();
        for member_id in here.into_iter().filter(|id| case.party_of(*id).is_none()) {
            if let Some(member) = self.accounts.member(member_id).await? {
                viewers.push(Viewer {
                    member_id,
                    name: member.name,
                });
            }
        }
        Ok(viewers)
    }
}
