//! SYSTEM messages of a session: which events have one, and its sentence.

use super::moves::Actor;
use super::rules::{By, Case, Event, Party};
use super::store::Session;
use crate::features::messages::System;
use crate::texts::TextKey;

/// The names that sentences may hold.
pub(super) struct Names {
    member: String,
    agent: String,
    /// Of the agents' side, when it ends a session: the agent, or the admin who steps in.
    ender: String,
}

impl Names {
    pub(super) fn of(session: &Session, case: &Case, actor: Option<&Actor>) -> Self {
        let agent = session.agent_name.clone().unwrap_or_default();
        let admin = actor.filter(|actor| case.party_of(actor.member_id).is_none());
        Self {
            member: session.member_name.clone(),
            ender: admin.map_or_else(|| agent.clone(), |admin| admin.name.clone()),
            agent,
        }
    }
}

/// The SYSTEM message of an event, if it has one.
pub(super) fn notice(event: Event, names: &Names) -> Option<System> {
    let (member, agent) = (names.member.as_str(), names.agent.as_str());
    let (sentence, name) = match event {
        Event::Started => ("system-started", agent),
        Event::Joined(Party::Member) => ("system-joined-member", member),
        Event::Joined(Party::Agent) => ("system-joined-agent", agent),
        Event::Left(Party::Member) => ("system-left-member", member),
        Event::Left(Party::Agent) => ("system-left-agent", agent),
        Event::Returned(Party::Member) => ("system-returned-member", member),
        Event::Returned(Party::Agent) => ("system-returned-agent", agent),
        Event::TransferredToQueue => ("system-transferred-queue", ""),
        Event::TransferredToAgent => ("system-transferred-agent", agent),
        Event::Requeued => ("system-requeued", ""),
        Event::Cancelled => ("system-cancelled", ""),
        Event::Ended(By::Member) => ("system-ended-member", member),
        Event::Ended(By::Agent) => ("system-ended-agent", names.ender.as_str()),
        Event::Ended(By::System) => ("system-ended-system", ""),
        Event::Moved { .. } | Event::Online(_) | Event::Offline(_) | Event::LongWait => return None,
    };
    let name = (!name.is_empty()).then(|| ("name", name.to_owned()));
    Some(system(sentence, name))
}

/// The first message of a session that takes up an earlier one.
pub(super) fn continued(earlier_id: i64) -> System {
    system("system-continued", Some(("session", earlier_id.to_string())))
}

fn system(sentence: &'static str, param: Option<(&'static str, String)>) -> System {
    System {
        code: code_of(sentence),
        text: TextKey(sentence),
        params: param.into_iter().collect(),
    }
}

/// The sentences of all SYSTEM messages.
const SENTENCES: [&str; 15] = [
    "system-started",
    "system-joined-member",
    "system-joined-agent",
    "system-left-member",
    "system-left-agent",
    "system-returned-member",
    "system-returned-agent",
    "system-transferred-queue",
    "system-transferred-agent",
    "system-requeued",
    "system-cancelled",
    "system-continued",
    "system-ended-member",
    "system-ended-agent",
    "system-ended-system",
];

/// `system-ended-agent` is the sentence of `ended-agent`.
fn code_of(sentence: &'static str) -> &'static str {
    sentence.strip_prefix("system-").unwrap_or(sentence)
}

/// The sentence of a SYSTEM message with this code.
pub(super) fn sentence(code: &str) -> Option<TextKey> {
    let found = SENTENCES.into_iter().find(|sentence| code_of(sentence) == code);
    found.map(TextKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_sentence_of_a_session_is_found_by_its_code() {
        let texts = include_str!("../../../texts/ko/main.ftl").lines();
        let keys: Vec<&str> = texts
            .filter_map(|line| line.split(" = ").next())
            .filter(|key| key.starts_with("system-") && !key.starts_with("system-room-"))
            .collect();
        assert_eq!(keys.len(), SENTENCES.len());
        for key in keys {
            let found = sentence(key.trim_start_matches("system-"));
            assert_eq!(found.map(|text| text.0), Some(key));
        }
    }
}
