//! Who is let in, and what names are: pure.

use super::{Principal, Role};
use crate::problem::{Code, Refusal};
use crate::texts::TextKey;
use crate::time::Time;

/// Bounds of the columns, in Unicode scalar values.
const CODE_CHARS_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 100;
const CONTACT_CHARS_MAX: usize = 200;

/// How the codes of guests begin.
pub(super) const GUEST_PREFIX: &str = "GUEST-";

/// What decides whether somebody is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) id: i64,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) contact: Option<String>,
    pub(super) roles: Vec<Role>,
    pub(super) is_guest: bool,
    pub(super) locked_at: Option<Time>,
    pub(super) expires_at: Option<Time>,
    pub(super) credentials_expire_at: Option<Time>,
    pub(super) tokens_from: Option<Time>,
    pub(super) created_at: Time,
}

/// One log-in: what its access tokens, its refresh tokens and its cookie hang on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) id: i64,
    pub(super) account_id: i64,
    /// Of the one refresh token that is good.
    pub(super) generation: i64,
    pub(super) cookie_hash: Option<String>,
    pub(super) created_at: Time,
    pub(super) expires_at: Time,
    pub(super) revoked_at: Option<Time>,
}

/// What a signature vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) user_code: String,
    pub(super) member_id: i64,
    pub(super) issued_at: Option<Time>,
    pub(super) expires_at: Time,
    pub(super) login_id: Option<i64>,
}

impl Account {
    /// Neither locked nor past an end.
    pub(super) fn is_usable(&self, now: Time) -> bool {
        self.locked_at.is_none() && self.ends_at().is_none_or(|end| now < end)
    }

    /// When the account or its credentials end.
    fn ends_at(&self) -> Option<Time> {
        let ends = [self.expires_at, self.credentials_expire_at];
        ends.into_iter().flatten().min()
    }
}

impl Login {
    /// Neither revoked nor over.
    pub(super) fn is_usable(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

/// Lets in the bearer of an access token: its account, and its log-in if one made it, must still be good.
/// Name and roles are the account's of now, not the token's.
pub(super) fn admit_token(
    claims: &Claims,
    account: &Account,
    login: Option<&Login>,
    now: Time,
) -> Result<Principal, Refusal> {
    if now >= claims.expires_at {
        return Err(expired());
    }
    if account.id != claims.member_id || account.code != claims.user_code {
        return Err(invalid());
    }
    match (claims.login_id, login) {
        (Some(_), Some(login)) => admit(account, Some(login), claims.expires_at, now),
        (Some(_), None) => Err(expired()),
        (None, _) if issued_too_early(claims, account) => Err(expired()),
        (None, _) => admit(account, None, claims.expires_at, now),
    }
}

/// Lets in the holder of a log-in's cookie.
pub(super) fn admit_cookie(account: &Account, login: &Login, now: Time) -> Result<Principal, Refusal> {
    admit(account, Some(login), login.expires_at, now)
}

fn admit(account: &Account, login: Option<&Login>, until: Time, now: Time) -> Result<Principal, Refusal> {
    let login_fits = login.is_none_or(|l| l.account_id == account.id && l.is_usable(now));
    if !login_fits || !account.is_usable(now) {
        return Err(expired());
    }
    Ok(Principal {
        member_id: account.id,
        user_code: account.code.clone(),
        name: account.name.clone(),
        roles: account.roles.clone(),
        login_id: login.map(|l| l.id),
        expires_at: account.ends_at().map_or(until, |end| end.min(until)),
    })
}

/// `iat` has whole seconds: a token of the very second counts as issued before.
fn issued_too_early(claims: &Claims, account: &Account) -> bool {
    account
        .tokens_from
        .is_some_and(|from| claims.issued_at.is_none_or(|issued| issued <= from))
}

/// A log-in that was good once, or will not say.
pub(super) const fn expired() -> Refusal {
    Refusal::saying(Code::Unauthenticated, TextKey("error-token-expired"))
}

/// A token or cookie that is not ours.
pub(super) const fn invalid() -> Refusal {
    Refusal::saying(Code::Unauthenticated, TextKey("error-token-invalid"))
}

/// What became of a refresh token that the row no longer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// It was used before: somebody else has it too.
    Reused,
    /// The log-in is over anyway.
    Over,
}

/// Why the row did not take a refresh token of `generation`.
pub(super) fn why_stale(login: &Login, generation: i64, now: Time) -> Stale {
    if login.is_usable(now) && generation < login.generation {
        Stale::Reused
    } else {
        Stale::Over
    }
}

/// A name without space around it; `None` for one that is empty, too long or would not show as it is.
pub(super) fn shown_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let shows = |c: char| !c.is_control() && !reorders(c);
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    (fits && name.chars().all(shows)).then_some(name)
}

/// Marks that turn the direction of the text around them.
const fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A number as paths have it: digits only, from 1.
pub(super) fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number > 0)
}

/// The form in which names to log in with are kept and compared; `None` for what no account can have.
pub(super) fn login_name(username: &str) -> Option<String> {
    let name = username.trim().to_lowercase();
    let fits = (1..=CODE_CHARS_MAX).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then_some(name)
}

/// Checks a new account's data; what is wrong, in words for who types the command.
pub(super) fn check_user(user: &super::NewUser) -> Result<(), String> {
    check_code(&user.code)?;
    if shown_name(&user.name).is_none() {
        return Err(format!(
            "the name has 1 to {NAME_CHARS_MAX} characters, no control characters"
        ));
    }
    if user.username.as_deref().is_some_and(|name| login_name(name).is_none()) {
        return Err(format!(
            "the username has 1 to {CODE_CHARS_MAX} characters, no control characters"
        ));
    }
    let contact_fits = |c: &String| c.chars().count() <= CONTACT_CHARS_MAX && !c.chars().any(char::is_control);
    if !user.contact.as_ref().is_none_or(contact_fits) {
        return Err(format!("the contact has at most {CONTACT_CHARS_MAX} characters"));
    }
    Ok(())
}

fn check_code(code: &str) -> Result<(), String> {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let fits = (1..=CODE_CHARS_MAX).contains(&code.chars().count());
    if !fits || !code.chars().all(letter) {
        return Err(format!(
            "the code has 1 to {CODE_CHARS_MAX} letters, digits, '-', '_', '.' or '@'"
        ));
    }
    if code.to_ascii_uppercase().starts_with(GUEST_PREFIX) {
        return Err(format!("codes that begin with {GUEST_PREFIX} are for guests"));
    }
    Ok(())
}

/// Checks a new password, which has at least `chars_min` characters.
pub(super) fn check_password(password: &str, chars_min: usize) -> Result<(), String> {
    if password.chars().count() < chars_min {
        return Err(format!("the password has at least {chars_min} characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_ms(1_000_000);
    const LATER: Time = Time::from_ms(2_000_000);

    fn account() -> Account {
        Account {
            id: 31,
            code: "STU001".into(),
            name: "홍길동".into(),
            contact: None,
            roles: vec![Role::Student],
            is_guest: false,
            locked_at: None,
            expires_at: None,
            credentials_expire_at: None,
            tokens_from: None,
            created_at: NOW,
        }
    }

    fn login() -> Login {
        Login {
            id: 5,
            account_id: 31,
            generation: 3,
            cookie_hash: None,
            created_at: NOW,
            expires_at: LATER,
            revoked_at: None,
        }
    }

    fn claims(login_id: Option<i64>) -> Claims {
        Claims {
            user_code: "STU001".into(),
            member_id: 31,
            issued_at: Some(NOW),
            expires_at: LATER,
            login_id,
        }
    }

    #[test]
    fn a_good_token_is_let_in_until_the_earliest_end() {
        let account = Account {
            expires_at: Some(NOW.plus_s(10)),
            ..account()
        };
        let principal = admit_token(&claims(Some(5)), &account, Some(&login()), NOW).unwrap();
        assert_eq!(principal.login_id, Some(5));
        assert_eq!(principal.expires_at, NOW.plus_s(10));
    }

    #[test]
    fn locked_and_ended_accounts_are_refused() {
        let locked = Account {
            locked_at: Some(NOW),
            ..account()
        };
        let expired = Account {
            expires_at: Some(NOW),
            ..account()
        };
        let old_password = Account {
            credentials_expire_at: Some(NOW),
            ..account()
        };
        for account in [locked, expired, old_password] {
            assert!(admit_token(&claims(None), &account, None, NOW).is_err());
            assert!(admit_cookie(&account, &login(), NOW).is_err());
        }
    }

    #[test]
    fn a_token_ends_at_its_very_second() {
        let one_ms_before = Time::from_ms(LATER.ms() - 1);
        assert!(admit_token(&claims(None), &account(), None, one_ms_before).is_ok());
        assert!(admit_token(&claims(None), &account(), None, LATER).is_err());
    }

    #[test]
    fn a_token_of_a_log_in_needs_that_log_in() {
        let revoked = Login {
            revoked_at: Some(NOW),
            ..login()
        };
        let of_another = Login {
            account_id: 32,
            ..login()
        };
        for login in [None, Some(&revoked), Some(&of_another)] {
            assert!(admit_token(&claims(Some(5)), &account(), login, NOW).is_err());
        }
    }

    #[test]
    fn name_and_number_must_belong_together() {
        let other = Account {
            code: "STU002".into(),
            ..account()
        };
        assert!(admit_token(&claims(None), &other, None, NOW).is_err());
    }

    #[test]
    fn being_logged_out_everywhere_ends_tokens_of_other_makers() {
        let account = Account {
            tokens_from: Some(NOW),
            ..account()
        };
        let without_time = Claims {
            issued_at: None,
            ..claims(None)
        };
        let issued_after = Claims {
            issued_at: Some(NOW.plus_s(1)),
            ..claims(None)
        };
        assert!(admit_token(&claims(None), &account, None, NOW).is_err());
        assert!(admit_token(&without_time, &account, None, NOW).is_err());
        assert!(admit_token(&issued_after, &account, None, NOW).is_ok());
    }

    #[test]
    fn only_an_older_token_of_a_living_log_in_is_reuse() {
        assert_eq!(why_stale(&login(), 2, NOW), Stale::Reused);
        assert_eq!(why_stale(&login(), 2, LATER), Stale::Over);
    }

    #[test]
    fn names_are_shown_as_they_are() {
        assert_eq!(shown_name("  홍길동 "), Some("홍길동"));
        for bad in ["", "  ", "a\u{0}b", "a\nb", "a\u{202E}b", &"가".repeat(101)] {
            assert_eq!(shown_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn codes_fit_into_destinations() {
        assert!(check_code("STU001").is_ok());
        assert!(check_code("kim.minsu@school").is_ok());
        for bad in ["", "a/b", "a b", "GUEST-1", "guest-1", "a\u{0}"] {
            assert!(check_code(bad).is_err(), "{bad:?}");
        }
    }
}
