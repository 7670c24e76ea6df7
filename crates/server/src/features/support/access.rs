//! Who may read and act on a session.

use super::{Support, store};
use crate::features::accounts::{Principal, Role};
use crate::problem::{Code, Refusal};

impl Support {
    /// The customer of a session.
    ///
    /// # Errors
    /// `session_not_found`.
    pub(super) async fn customer_of(&self, session_id: i64) -> Result<i64, Refusal> {
        if let Some(customer) = self.0.customers.get(&session_id) {
            return Ok(customer);
        }
        let case = store::load(self.0.db.read(), session_id, false).await?;
        let customer = case.ok_or(Code::SessionNotFound)?.customer_id;
        self.0.customers.insert(session_id, customer);
        Ok(customer)
    }

    /// May this person read this session: its customer, and every agent. Returns the customer.
    ///
    /// # Errors
    /// `forbidden` for a role that has no part in support, `session_not_found`, `not_participant`.
    pub async fn may_read(&self, who: &Principal, session_id: i64) -> Result<i64, Refusal> {
        has_part(who)?;
        let customer = self.customer_of(session_id).await?;
        if who.is_agent() || who.member_id == customer {
            Ok(customer)
        } else {
            Err(Code::NotParticipant.into())
        }
    }

    /// May this person act as the session's customer.
    ///
    /// # Errors
    /// `forbidden` for everybody who is no customer; `session_not_found`, `not_participant`.
    pub(super) async fn may_as_customer(&self, who: &Principal, session_id: i64) -> Result<(), Refusal> {
        if !who.has(Role::Member) {
            return Err(Code::Forbidden.into());
        }
        if self.customer_of(session_id).await? == who.member_id {
            Ok(())
        } else {
            Err(Code::NotParticipant.into())
        }
    }

    /// May this person act as a party: its customer, or the assigned agent.
    ///
    /// # Errors
    /// As [`Support::may_read`]; `not_participant` for any other agent.
    pub(super) async fn may_signal(&self, who: &Principal, session_id: i64) -> Result<i64, Refusal> {
        let customer = self.may_read(who, session_id).await?;
        if who.member_id == customer {
            return Ok(customer);
        }
        let case = store::load(self.0.db.read(), session_id, false).await?;
        match case.and_then(|case| case.party_of(who.member_id)) {
            Some(_) => Ok(customer),
            None => Err(Code::NotParticipant.into()),
        }
    }
}

/// Customers and agents have a part in support; nobody else.
///
/// # Errors
/// `forbidden`.
pub(super) fn has_part(who: &Principal) -> Result<(), Refusal> {
    if who.has(Role::Member) || who.is_agent() {
        Ok(())
    } else {
        Err(Code::Forbidden.into())
    }
}

/// Agents and admins.
///
/// # Errors
/// `forbidden`.
pub fn is_agent(who: &Principal) -> Result<(), Refusal> {
    if who.is_agent() {
        Ok(())
    } else {
        Err(Code::Forbidden.into())
    }
}
