//! Answers and transcripts by mail.
//!
//! An agent's message to a customer with an address makes a due time, in a transaction that is committed before the
//! message or with it: a crash forgets no mail. At that time somebody looks; what the customer has not read goes out
//! in one mail, and is noted as gone in the same transaction that writes the mail.

use std::fmt::Write as _;
use std::sync::Arc;

use super::store::Answer;
use super::{Inner, Support, store};
use crate::features::accounts::Caller;
use crate::features::mail::{Letter, Mail};
use crate::features::messages::{ChangeError, ChangeFuture, RoomChange, Turn};
use crate::problem::{Code, Refusal};
use crate::texts::{Locale, TextKey};
use crate::time::Time;

/// Answers in one mail; more go into the next.
const ANSWERS_MAX: i64 = 100;

/// Sessions looked at before the next due time is looked up.
const AT_ONCE: i64 = 200;

impl Support {
    /// The customer's address for answers that are not read; `None` takes it away.
    ///
    /// # Errors
    /// `invalid_request` for what is no address.
    pub(super) async fn set_email(&self, session_id: i64, email: Option<&str>) -> Result<(), Refusal> {
        let change = SetEmail {
            support: Arc::clone(&self.0),
            session_id,
            email: email.map(Mail::address).transpose()?,
        };
        self.0.messages.change(change).await
    }

    /// Before an agent's message: it may have to go out by mail.
    ///
    /// # Errors
    /// `unavailable`.
    pub(super) async fn expect_mail(&self, session_id: i64) -> Result<(), Refusal> {
        let support = &self.0;
        if !support.mail.is_set_up() || store::mailing(support.db.read(), session_id).await?.is_none() {
            return Ok(());
        }
        let change = ExpectMail {
            support: Arc::clone(support),
            session_id,
        };
        support.messages.change(change).await
    }

    /// Sends the conversation by mail, in the caller's language.
    ///
    /// # Errors
    /// `mail_unavailable`, `invalid_request` for what is no address, `rate_limited`.
    pub(super) async fn mail_transcript(&self, caller: &Caller, session_id: i64, email: &str) -> Result<(), Refusal> {
        let support = &self.0;
        if !support.mail.is_set_up() {
            return Err(Code::MailUnavailable.into());
        }
        let to = Mail::address(email)?;
        support.transcripts.check(caller.principal.member_id)?;
        let subject = TextKey("mail-transcript-subject");
        let letter = Letter {
            to,
            subject: subject.say(caller.locale, &[("id", session_id.to_string())]),
            content: self.transcript(session_id, caller.locale).await?,
        };
        support.mail.write(support.db.write(), &letter).await?;
        support.mail.wake();
        Ok(())
    }
}

struct SetEmail {
    support: Arc<Inner>,
    session_id: i64,
    email: Option<String>,
}

impl RoomChange for SetEmail {
    type Output = ();

    fn stored(&self) {
        self.support.mail_alarm.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let now = self.support.clock.now();
            let email = self.email.as_deref();
            // Messages may be unread already.
            let due = email.filter(|_| self.support.mail.is_set_up()).map(|_| now);
            store::set_email(turn.tx(), self.session_id, email, due, now).await?;
            turn.count_change(self.session_id).await
        })
    }
}

struct ExpectMail {
    support: Arc<Inner>,
    session_id: i64,
}

impl RoomChange for ExpectMail {
    type Output = ();

    fn stored(&self) {
        self.support.mail_alarm.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let due = self.support.clock.now().plus_s(self.support.mail_unread_after_s);
            store::expect_mail(turn.tx(), self.session_id, due).await?;
            Ok(())
        })
    }
}

/// It is time to look whether an answer is unread.
struct MailUnread {
    support: Arc<Inner>,
    session_id: i64,
}

impl RoomChange for MailUnread {
    type Output = ();

    fn stored(&self) {
        self.support.mail.wake();
    }

    fn apply<'a>(&'a mut self, turn: &'a mut Turn<'_>) -> ChangeFuture<'a, ()> {
        Box::pin(async move {
            let Some(mailing) = store::mailing(turn.tx(), self.session_id).await? else {
                return self.look_again(turn, None).await;
            };
            let after = mailing.mailed_seq.max(mailing.read_seq);
            let answers = store::unread_answers(turn.tx(), self.session_id, after, ANSWERS_MAX).await?;
            let (Some(first), Some(last)) = (answers.first(), answers.last()) else {
                return self.look_again(turn, None).await;
            };
            let now = self.support.clock.now();
            let due = Time::from_ms(first.created_at).plus_s(self.support.mail_unread_after_s);
            if due > now {
                return self.look_again(turn, Some(due)).await;
            }
            let letter = self.letter(turn, mailing.email, &answers, last).await?;
            self.support.mail.write(turn.tx(), &letter).await?;
            let more = (answers.len() as i64 == ANSWERS_MAX).then_some(now);
            store::note_mailed(turn.tx(), self.session_id, Some(last.seq), more).await?;
            Ok(())
        })
    }
}

impl MailUnread {
    async fn look_again(&self, turn: &Turn<'_>, due: Option<Time>) -> Result<(), ChangeError> {
        store::note_mailed(turn.tx(), self.session_id, None, due).await?;
        Ok(())
    }

    async fn letter(
        &self,
        turn: &mut Turn<'_>,
        to: String,
        answers: &[Answer],
        last: &Answer,
    ) -> Result<Letter, ChangeError> {
        let locale = turn.head(self.session_id).await?.locale;
        let name = last.sender_name.clone().unwrap_or_default();
        let args = [("name", name), ("id", self.session_id.to_string())];
        Ok(Letter {
            to,
            subject: TextKey("mail-answer-subject").say(locale, &args),
            content: self.content(locale, answers),
        })
    }

    fn content(&self, locale: Locale, answers: &[Answer]) -> String {
        let mut text = TextKey("mail-answer-intro").say(locale, &[]);
        text.push('\n');
        for answer in answers {
            let time = self.support.local_time(Time::from_ms(answer.created_at));
            let name = answer.sender_name.as_deref().unwrap_or_default();
            let _ = write!(text, "\n[{time}] {name}\n{}\n", answer.content);
        }
        let link = format!("{}/support?session={}", self.support.public_url, self.session_id);
        let _ = writeln!(text, "\n{}", TextKey("mail-answer-link").say(locale, &[("link", link)]));
        text
    }
}

impl Inner {
    /// Looks at sessions when it is time, for ever. Returns at once where no mail is sent.
    pub(super) async fn watch_mail(self: &Arc<Self>) {
        if !self.mail.is_set_up() {
            return;
        }
        self.mail_alarm.run(&self.clock, || self.look_at_due_mail()).await;
    }

    async fn look_at_due_mail(self: &Arc<Self>) -> Result<Option<Time>, Refusal> {
        for session_id in store::mail_due(self.db.read(), self.clock.now(), AT_ONCE).await? {
            let change = MailUnread {
                support: Arc::clone(self),
                session_id,
            };
            self.messages.change(change).await?;
        }
        Ok(store::next_mail_due(self.db.read()).await?)
    }
}
