//! `/api/chat/sessions…` and `/api/admin/chat/…`.

pub mod afterwards;
pub mod agents;
pub mod desk;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::moves::Action;
use super::reading::Mark;
use super::rules::{ExitReason, Status};
use super::statistics::Statistics;
use super::store::{self, Filter};
use super::view::SessionView;
use super::{Support, Wanted, access, leave_reason};
use crate::features::accounts::{Body, Caller, Principal, Role};
use crate::features::messages::{Marks, MessagePage};
use crate::problem::{Code, Refusal};
use crate::request::{Asked, Id, Nothing, PageQuery, cursor, page_size, positive};
use crate::texts::TextKey;
use crate::time::Time;

/// What opens a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenSession {
    /// May be left out where `continues` is given: then that of the earlier session.
    category_id: Option<i64>,
    /// Up to 200 characters.
    title: Option<String>,
    /// `sessionId` of an own session that is over and is to be taken up again.
    continues: Option<i64>,
    /// Where answers go that are not read.
    email: Option<String>,
}

/// How a session ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndSession {
    /// RESOLVED (default), CANCELLED or TRANSFERRED.
    exit_reason: Option<String>,
}

/// Why somebody leaves for a moment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeaveSession {
    /// NETWORK_ERROR, BROWSER_CLOSE (default) or TIMEOUT.
    reason: Option<String>,
}

/// How far somebody has read, or from where it shall be unread.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadMessages {
    /// None: all; of unread: the last one of the other side.
    message_id: Option<i64>,
}

/// Who takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferSession {
    /// `memberId` of an agent. None: back into the queue.
    agent_id: Option<i64>,
    /// Up to 200 characters, for agents only.
    reason: Option<String>,
}

/// A page of sessions, the latest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionPage<'a> {
    items: Vec<SessionView<'a>>,
    /// For `before`; null at the last page.
    next_cursor: Option<String>,
}

/// A session and its newest messages.
#[derive(Serialize, ToSchema)]
pub struct HistoryDetail<'a> {
    session: SessionView<'a>,
    messages: MessagePage<'a>,
}

/// Which sessions, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// WAITING, ACTIVE, DISCONNECTED, COMPLETED; several with commas.
    status: Option<String>,
    /// `categoryId`.
    category: Option<String>,
    /// `memberId` of the agent.
    agent: Option<String>,
    /// `memberId` of the customer, or part of the name.
    customer: Option<String>,
    /// Part of the title, of the customer's name or of a message.
    q: Option<String>,
    /// The customer's rating, 1 to 5.
    rating: Option<String>,
    /// Opened at this time or later: RFC 3339, or a day in the server's zone (2026-11-20).
    from: Option<String>,
    /// Opened before this time (RFC 3339), or on this day or earlier.
    to: Option<String>,
    /// 1 to 200, default 50.
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    before: Option<String>,
}

/// A span of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SpanQuery {
    /// As in the list of sessions.
    from: Option<String>,
    /// As in the list of sessions.
    to: Option<String>,
}

type Answer = Result<Response, Response>;

/// Opens a session.
#[utoipa::path(post, path = "/api/chat/sessions", tag = "support", request_body = OpenSession,
    responses((status = 201, body = SessionView)))]
pub async fn open(State(support): State<Support>, caller: Caller, Body(body): Body<OpenSession>) -> Answer {
    let opened = async {
        let who = &caller.principal;
        let wanted = Wanted {
            category_id: body.category_id,
            title: body.title,
            continues: body.continues,
            email: body.email,
        };
        let id = support.open(who, caller.locale, wanted).await?;
        let location: [(HeaderName, String); 1] = [(header::LOCATION, format!("/api/chat/sessions/{id}"))];
        let session = support.show_session(&caller, id).await?;
        Ok((StatusCode::CREATED, location, session).into_response())
    };
    answer(&caller, opened.await)
}

/// One session.
#[utoipa::path(get, path = "/api/chat/sessions/{id}", tag = "support", params(("id" = i64, Path)),
    responses((status = 200, body = SessionView)))]
pub async fn session(State(support): State<Support>, caller: Caller, Id(id): Id) -> Answer {
    let found = async {
        support.may_read(&caller.principal, id).await?;
        support.show_session(&caller, id).await
    };
    answer(&caller, found.await)
}

/// The caller's own sessions, the latest first.
#[utoipa::path(get, path = "/api/chat/sessions", tag = "support", params(PageQuery),
    responses((status = 200, body = SessionPage)))]
pub async fn own_sessions(State(support): State<Support>, caller: Caller, Asked(asked): Asked<PageQuery>) -> Answer {
    let found = async {
        let who = &caller.principal;
        if !who.has(Role::Member) {
            return Err(Code::Forbidden.into());
        }
        let filter = Filter {
            customer_id: Some(who.member_id),
            after: asked.before.as_deref().map(session_cursor).transpose()?,
            ..Filter::default()
        };
        support.show_list(&caller, filter, page_size(asked.limit)?).await
    };
    answer(&caller, found.await)
}

/// A session's messages, newest first.
#[utoipa::path(get, path = "/api/chat/sessions/{id}/messages", tag = "support",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = MessagePage)))]
pub async fn messages(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Asked(asked): Asked<PageQuery>,
) -> Answer {
    let found = async {
        let limit = page_size(asked.limit)?;
        let before = cursor(asked.before.as_deref())?;
        support.may_read(&caller.principal, id).await?;
        let page = support.0.messages.page(id, before, limit).await?;
        Ok(Json(MessagePage::of(&page)).into_response())
    };
    answer(&caller, found.await)
}

/// The customer gives up waiting.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/cancel", tag = "support", params(("id" = i64, Path)),
    request_body = Nothing, responses((status = 200, body = SessionView)))]
pub async fn cancel(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    let customers_only = |who: &Principal| {
        if who.has(Role::Member) {
            Ok(())
        } else {
            Err(Code::Forbidden.into())
        }
    };
    support.make(&caller, id, customers_only, Ok(Action::Cancel)).await
}

/// Either side ends a running session.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/end", tag = "support", params(("id" = i64, Path)),
    request_body = EndSession, responses((status = 200, body = SessionView)))]
pub async fn end(State(support): State<Support>, caller: Caller, Id(id): Id, Body(body): Body<EndSession>) -> Answer {
    let action = exit_reason(body.exit_reason.as_deref()).map(Action::End);
    support.make(&caller, id, access::has_part, action).await
}

/// A party leaves for a moment.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/leave", tag = "support", params(("id" = i64, Path)),
    request_body = LeaveSession, responses((status = 200, body = SessionView)))]
pub async fn leave(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<LeaveSession>,
) -> Answer {
    let action = leave_reason(body.reason.as_deref()).map(Action::Leave);
    support.make(&caller, id, access::has_part, action).await
}

/// A party is back.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/return", tag = "support", params(("id" = i64, Path)),
    request_body = Nothing, responses((status = 200, body = SessionView)))]
pub async fn come_back(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    support.make(&caller, id, access::has_part, Ok(Action::Return)).await
}

/// A party has read.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/read", tag = "support", params(("id" = i64, Path)),
    request_body = ReadMessages, responses((status = 200, body = SessionView)))]
pub async fn read(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<ReadMessages>,
) -> Answer {
    let done = async {
        support.may_read(&caller.principal, id).await?;
        support.0.limits.signal(caller.principal.member_id)?;
        support.mark(&caller.principal, id, Mark::Read(body.message_id)).await?;
        support.show_session(&caller, id).await
    };
    answer(&caller, done.await)
}

/// A party wants the other side's messages unread again, from this one (none: the last) on. The other side's ticks stay.
#[utoipa::path(post, path = "/api/chat/sessions/{id}/unread", tag = "support", params(("id" = i64, Path)),
    request_body = ReadMessages, responses((status = 200, body = SessionView)))]
pub async fn unread(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<ReadMessages>,
) -> Answer {
    let done = async {
        support.may_read(&caller.principal, id).await?;
        support.0.limits.signal(caller.principal.member_id)?;
        support
            .mark(&caller.principal, id, Mark::Unread(body.message_id))
            .await?;
        support.show_session(&caller, id).await
    };
    answer(&caller, done.await)
}

/// Agents: sessions, the latest first.
#[utoipa::path(get, path = "/api/admin/chat/sessions", tag = "agents", params(ListQuery),
    responses((status = 200, body = SessionPage)))]
pub async fn sessions(State(support): State<Support>, caller: Caller, Asked(asked): Asked<ListQuery>) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        let filter = support.filter(&asked)?;
        let limit = page_size(asked.limit)?;
        support.show_list(&caller, filter, limit).await
    };
    answer(&caller, found.await)
}

/// Agents: sessions of all states, searched and filtered.
#[utoipa::path(get, path = "/api/admin/chat/history", tag = "agents", params(ListQuery),
    responses((status = 200, body = SessionPage)))]
pub async fn history(support: State<Support>, caller: Caller, asked: Asked<ListQuery>) -> Answer {
    sessions(support, caller, asked).await
}

/// Agents: a session in any state, with its newest messages.
#[utoipa::path(get, path = "/api/admin/chat/history/{id}", tag = "agents", params(("id" = i64, Path)),
    responses((status = 200, body = HistoryDetail)))]
pub async fn history_detail(State(support): State<Support>, caller: Caller, Id(id): Id) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        let customer = support.customer_of(id).await?;
        let reader = super::reader(&caller.principal, customer);
        let found = store::session(support.0.db.read(), id, Some(reader)).await?;
        let session = found.ok_or(Code::SessionNotFound)?;
        let page = support.0.messages.page(id, None, page_size(None)?).await?;
        let detail = HistoryDetail {
            session: session.view_for(&caller.principal, &support.0.codes, caller.locale, &page.marks),
            messages: MessagePage::of(&page),
        };
        Ok(Json(detail).into_response())
    };
    answer(&caller, found.await)
}

/// An agent takes a waiting session.
#[utoipa::path(post, path = "/api/admin/chat/sessions/{id}/start", tag = "agents", params(("id" = i64, Path)),
    request_body = Nothing, responses((status = 200, body = SessionView)))]
pub async fn start(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(Nothing {}): Body<Nothing>,
) -> Answer {
    support.make(&caller, id, access::is_agent, Ok(Action::Start)).await
}

/// The assigned agent, or an admin, gives a session to another agent or back into the queue.
#[utoipa::path(post, path = "/api/admin/chat/sessions/{id}/transfer", tag = "agents", params(("id" = i64, Path)),
    request_body = TransferSession, responses((status = 200, body = SessionView)))]
pub async fn transfer(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<TransferSession>,
) -> Answer {
    let action = async {
        let to = support.agent(&caller.principal, body.agent_id).await?;
        let reason = support.reason(body.reason.as_deref())?;
        Ok(Action::Transfer { to, reason })
    };
    let action = action.await;
    support.make(&caller, id, access::is_agent, action).await
}

/// The assigned agent, or an admin, ends a running session.
#[utoipa::path(post, path = "/api/admin/chat/sessions/{id}/end", tag = "agents", params(("id" = i64, Path)),
    request_body = EndSession, responses((status = 200, body = SessionView)))]
pub async fn end_as_agent(
    State(support): State<Support>,
    caller: Caller,
    Id(id): Id,
    Body(body): Body<EndSession>,
) -> Answer {
    let action = exit_reason(body.exit_reason.as_deref()).map(Action::End);
    support.make(&caller, id, access::is_agent, action).await
}

/// Agents: the figures of a span of time, and what is going on now.
#[utoipa::path(get, path = "/api/admin/chat/stats", tag = "agents", params(SpanQuery),
    responses((status = 200, body = Statistics)))]
pub async fn statistics(State(support): State<Support>, caller: Caller, Asked(asked): Asked<SpanQuery>) -> Answer {
    let found = async {
        access::is_agent(&caller.principal)?;
        let from = asked.from.as_deref().map(|t| support.span_start("from", t));
        let to = asked.to.as_deref().map(|t| support.span_end("to", t));
        let figures = support
            .statistics(from.transpose()?, to.transpose()?, caller.locale)
            .await?;
        Ok(Json(figures).into_response())
    };
    answer(&caller, found.await)
}

#[expect(clippy::result_large_err, reason = "both are answers, and made once a request")]
fn answer(caller: &Caller, result: Result<impl IntoResponse, Refusal>) -> Answer {
    match result {
        Ok(response) => Ok(response.into_response()),
        Err(refusal) => Err(refusal.response(caller.locale)),
    }
}

/// # Errors
/// `invalid_request` for a name that is not in the code table.
fn exit_reason(name: Option<&str>) -> Result<ExitReason, Refusal> {
    match name {
        None => Ok(ExitReason::Resolved),
        Some(name) => ExitReason::from_name(name).ok_or_else(|| Refusal::invalid("exitReason")),
    }
}

/// `started_at-id`, both in digits.
fn session_cursor(text: &str) -> Result<(Time, i64), Refusal> {
    let parts = text.split_once('-');
    let parts = parts.and_then(|(at, id)| Some((positive(at)?, positive(id)?)));
    let (at, id) = parts.ok_or_else(|| Refusal::invalid("before"))?;
    Ok((Time::from_ms(at), id))
}

impl Support {
    /// Makes a move and answers with the session.
    async fn make(
        &self,
        caller: &Caller,
        id: i64,
        may: impl FnOnce(&Principal) -> Result<(), Refusal>,
        action: Result<Action, Refusal>,
    ) -> Answer {
        let made = async {
            may(&caller.principal)?;
            self.may_read(&caller.principal, id).await?;
            self.act(&caller.principal, id, action?).await?;
            self.show_session(caller, id).await
        };
        answer(caller, made.await)
    }

    async fn show_session(&self, caller: &Caller, id: i64) -> Result<Response, Refusal> {
        let customer = self.customer_of(id).await?;
        let reader = super::reader(&caller.principal, customer);
        let found = store::session(self.0.db.read(), id, Some(reader)).await?;
        let session = found.ok_or(Code::SessionNotFound)?;
        let marks = self.0.messages.marks(id).await?;
        let view = session.view_for(&caller.principal, &self.0.codes, caller.locale, &marks);
        Ok(Json(view).into_response())
    }

    async fn show_list(&self, caller: &Caller, filter: Filter, limit: u64) -> Result<Response, Refusal> {
        let reader = super::reader(&caller.principal, filter.customer_id.unwrap_or(0));
        let mut found = store::list(self.0.db.read(), &filter, reader, limit + 1).await?;
        let more = found.len() as u64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let ids: Vec<i64> = found.iter().map(|s| s.case.session_id).collect();
        let marks = self.0.messages.marks_of(&ids).await?;
        let unread = Marks::default();
        let view = |s| -> SessionView<'_> {
            let s: &store::Session = s;
            let marks = marks.get(&s.case.session_id).unwrap_or(&unread);
            s.view_for(&caller.principal, &self.0.codes, caller.locale, marks)
        };
        let next = found.last().filter(|_| more);
        let page = SessionPage {
            next_cursor: next.map(|s| format!("{}-{}", s.case.started_at.ms(), s.case.session_id)),
            items: found.iter().map(view).collect(),
        };
        Ok(Json(page).into_response())
    }

    async fn agent(
        &self,
        who: &Principal,
        agent_id: Option<i64>,
    ) -> Result<Option<crate::features::accounts::Member>, Refusal> {
        access::is_agent(who)?;
        let Some(agent_id) = agent_id else {
            return Ok(None);
        };
        let found = self.0.accounts.member(agent_id).await?;
        let agent = found.filter(|member| member.is_agent());
        match agent {
            Some(agent) => Ok(Some(agent)),
            None => Err(Refusal::saying(Code::InvalidRequest, TextKey("error-agent-unknown"))),
        }
    }

    fn reason(&self, text: Option<&str>) -> Result<Option<String>, Refusal> {
        let reason = text.map(str::trim).filter(|text| !text.is_empty());
        let too_long = |text: &str| text.contains('\0') || text.chars().count() > self.0.transfer_reason_chars_max;
        match reason {
            Some(text) if too_long(text) => Err(Refusal::invalid("reason")),
            reason => Ok(reason.map(str::to_owned)),
        }
    }

    fn filter(&self, asked: &ListQuery) -> Result<Filter, Refusal> {
        let number = |name: &'static str, text: &Option<String>| match text.as_deref() {
            None => Ok(None),
            Some(text) => positive(text).map(Some).ok_or_else(|| Refusal::invalid(name)),
        };
        let customer_id = asked.customer.as_deref().and_then(positive);
        let from = asked.from.as_deref().map(|t| self.span_start("from", t));
        let to = asked.to.as_deref().map(|t| self.span_end("to", t));
        Ok(Filter {
            statuses: statuses(asked.status.as_deref())?,
            category_id: number("category", &asked.category)?,
            agent_id: number("agent", &asked.agent)?,
            customer_id,
            customer_name: match customer_id {
                Some(_) => None,
                None => searched("customer", asked.customer.as_deref())?,
            },
            text: searched("q", asked.q.as_deref())?,
            rating: match number("rating", &asked.rating)? {
                Some(score) if score > 5 => return Err(Refusal::invalid("rating (1–5)")),
                score => score,
            },
            from: from.transpose()?,
            to: to.transpose()?,
            after: asked.before.as_deref().map(session_cursor).transpose()?,
        })
    }

    fn span_start(&self, name: &'static str, text: &str) -> Result<Time, Refusal> {
        self.moment(text, 0).ok_or_else(|| Refusal::invalid(name))
    }

    /// Of a day: the start of the next one.
    fn span_end(&self, name: &'static str, text: &str) -> Result<Time, Refusal> {
        self.moment(text, 1).ok_or_else(|| Refusal::invalid(name))
    }

    fn moment(&self, text: &str, days: i64) -> Option<Time> {
        if let Some(time) = Time::parse(text) {
            return Some(time);
        }
        let day: jiff::civil::Date = text.parse().ok()?;
        let day = day.checked_add(jiff::Span::new().days(days)).ok()?;
        let start = day.to_zoned(self.0.hours.zone.clone()).ok()?;
        Some(Time::from_ms(start.timestamp().as_millisecond()))
    }
}

fn statuses(names: Option<&str>) -> Result<Vec<Status>, Refusal> {
    let Some(names) = names else {
        return Ok(Vec::new());
    };
    let found: Option<Vec<Status>> = names.split(',').map(Status::from_name).collect();
    found.ok_or_else(|| Refusal::invalid("status"))
}

/// Longest text to search for, in Unicode scalar values.
const SEARCHED_CHARS_MAX: usize = 100;

fn searched(name: &'static str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if text.contains('\0') || text.chars().count() > SEARCHED_CHARS_MAX {
        return Err(Refusal::invalid(name));
    }
    Ok(Some(text.to_owned()))
}
