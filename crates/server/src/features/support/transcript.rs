//! A session's conversation as a text to keep.

use std::fmt::Write as _;

use super::rules::State;
use super::store::{self, Session};
use super::{Inner, Support, view};
use crate::features::messages::{Message, Side};
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// Messages that are read at a time.
const PAGE: u64 = 500;

impl Support {
    /// The conversation, oldest message first, in a reader's language, with times of the server's zone.
    ///
    /// # Errors
    /// `session_not_found`, `unavailable`.
    pub(super) async fn transcript(&self, session_id: i64, locale: Locale) -> Result<String, Refusal> {
        let found = store::session(self.0.db.read(), session_id, None).await?;
        let session = found.ok_or(Code::SessionNotFound)?;
        let (messages, cut) = self.newest(session_id).await?;
        let writing = Writing { support: self, locale };
        let mut text = writing.head(&session);
        if cut {
            let count = [("count", messages.len().to_string())];
            line(&mut text, &TextKey("transcript-cut").say(locale, &count));
        }
        for message in messages.iter().rev() {
            text.push('\n');
            line(&mut text, &writing.message(message));
        }
        Ok(text)
    }

    /// The newest messages, newest first, and whether there are older ones.
    async fn newest(&self, session_id: i64) -> Result<(Vec<Message>, bool), Refusal> {
        let max = self.0.transcript_messages_max;
        let mut messages = Vec::new();
        let mut before = None;
        loop {
            let wanted = PAGE.min((max - messages.len()) as u64);
            let page = self.0.messages.page(session_id, before, wanted).await?;
            messages.extend(page.items);
            before = page.next_cursor;
            if before.is_none() || messages.len() >= max {
                return Ok((messages, before.is_some()));
            }
        }
    }
}

struct Writing<'a> {
    support: &'a Support,
    locale: Locale,
}

impl Writing<'_> {
    fn head(&self, session: &Session) -> String {
        let case = &session.case;
        let category = view::category_name(&self.support.0.codes, session.category_id, self.locale);
        let ended = match case.state {
            State::Completed { ended_at, .. } => Some(self.time(ended_at)),
            _ => None,
        };
        let mut text = String::new();
        for (key, name, value) in [
            ("transcript-title", "id", Some(case.session_id.to_string())),
            ("transcript-category", "name", Some(category)),
            ("transcript-subject", "title", session.title.clone()),
            ("transcript-customer", "name", Some(session.member_name.clone())),
            ("transcript-agent", "name", session.agent_name.clone()),
            ("transcript-began", "time", Some(self.time(case.started_at))),
            ("transcript-ended", "time", ended),
            ("transcript-zone", "zone", Some(self.support.time_zone_name())),
        ] {
            if let Some(value) = value {
                line(&mut text, &TextKey(key).say(self.locale, &[(name, value)]));
            }
        }
        text
    }

    fn message(&self, message: &Message) -> String {
        let time = self.time(message.created_at);
        match message.sender_side() {
            Some(Side::Member | Side::Agent) => {
                let name = message.sender_name.as_deref().unwrap_or_default();
                format!("[{time}] {name}\n{}", message.content)
            }
            None => format!("[{time}] * {}", self.system(message)),
        }
    }

    /// A system message in the reader's language; as it was worded first, where its sentence is no more.
    fn system(&self, message: &Message) -> String {
        let code = message.system_code.as_deref().unwrap_or_default();
        let Some(text) = super::notices::sentence(code) else {
            return message.content.clone();
        };
        text.say(self.locale, &message.system_args())
    }

    fn time(&self, at: Time) -> String {
        self.support.0.local_time(at)
    }
}

impl Inner {
    /// As people read it, in the server's zone.
    pub(super) fn local_time(&self, at: Time) -> String {
        let at = jiff::Timestamp::from_millisecond(at.ms()).unwrap_or_default();
        let zoned = at.to_zoned(self.hours.zone.clone());
        zoned.strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    }
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{line}");
}
