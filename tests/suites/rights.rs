//! Who may what: every way in that the server's table of routes names, tried by every role in every relation to the
//! session, in every state that matters. What must come of it stands here and is not taken from the server.

use std::collections::BTreeSet;

use maru::routes::{ENTRIES, Entry, Kind, Rule};
use serde_json::{Value, json};
use tests::{Connect, Db, Maru, Person, RawConnect, Stomp};
use wire::{Command, Frame};

use crate::desk::{Case, Shared, admin_move, category, id, open};

static SERVER: Shared = Shared::new(&[("SUPPORT__LEAVE_AFTER_S", "3600"), ("SUPPORT__GRACE_S", "3600")]);

/// What the contract says of each way in. An entry of the server that is not here fails, and one that says otherwise.
const CONTRACT: &[(Kind, &str, Rule)] = &[
    (Kind::Post, "/api/auth/login", Rule::Anyone),
    (Kind::Post, "/api/auth/guest", Rule::Anyone),
    (Kind::Post, "/api/auth/refresh", Rule::Anyone),
    (Kind::Post, "/api/auth/logout", Rule::Anyone),
    (Kind::Get, "/api/auth/me", Rule::LoggedIn),
    (Kind::Get, "/api/chat/categories", Rule::Anyone),
    (Kind::Get, "/api/chat/codes", Rule::Anyone),
    (Kind::Get, "/api/chat/availability", Rule::Anyone),
    (Kind::Get, "/api/chat/sessions", Rule::Customer),
    (Kind::Post, "/api/chat/sessions", Rule::Customer),
    (Kind::Get, "/api/chat/sessions/{id}", Rule::SessionReader),
    (Kind::Get, "/api/chat/sessions/{id}/messages", Rule::SessionReader),
    (Kind::Post, "/api/chat/sessions/{id}/cancel", Rule::SessionCustomer),
    (Kind::Post, "/api/chat/sessions/{id}/end", Rule::SessionWriter),
    (Kind::Post, "/api/chat/sessions/{id}/leave", Rule::SessionParty),
    (Kind::Post, "/api/chat/sessions/{id}/return", Rule::SessionParty),
    (Kind::Post, "/api/chat/sessions/{id}/read", Rule::SessionParty),
    (Kind::Post, "/api/chat/sessions/{id}/unread", Rule::SessionParty),
    (Kind::Put, "/api/chat/sessions/{id}/rating", Rule::SessionCustomer),
    (Kind::Get, "/api/chat/sessions/{id}/transcript", Rule::SessionReader),
    (Kind::Post, "/api/chat/sessions/{id}/transcript", Rule::SessionReader),
    (Kind::Put, "/api/chat/sessions/{id}/email", Rule::SessionCustomer),
    (Kind::Get, "/api/admin/chat/sessions", Rule::Agent),
    (Kind::Get, "/api/admin/chat/sessions/{id}/viewers", Rule::Agent),
    (Kind::Post, "/api/admin/chat/sessions/{id}/start", Rule::Agent),
    (Kind::Post, "/api/admin/chat/sessions/{id}/transfer", Rule::SessionAgent),
    (Kind::Post, "/api/admin/chat/sessions/{id}/end", Rule::SessionAgent),
    (Kind::Get, "/api/admin/chat/history", Rule::Agent),
    (Kind::Get, "/api/admin/chat/history/{id}", Rule::Agent),
    (Kind::Get, "/api/admin/chat/stats", Rule::Agent),
    (Kind::Get, "/api/admin/chat/agents", Rule::Agent),
    (Kind::Get, "/api/admin/chat/availability", Rule::Agent),
    (Kind::Put, "/api/admin/chat/availability", Rule::Agent),
    (Kind::Post, "/api/auth/tickets", Rule::LoggedIn),
    (Kind::Get, "/api/chat/rooms", Rule::LoggedIn),
    (Kind::Post, "/api/chat/rooms", Rule::ServiceOrAdmin),
    (Kind::Get, "/api/chat/rooms/{room}", Rule::RoomSeer),
    (Kind::Get, "/api/chat/rooms/{room}/messages", Rule::RoomReader),
    (Kind::Get, "/api/chat/rooms/{room}/notices", Rule::RoomReader),
    (Kind::Get, "/api/chat/rooms/{room}/participants", Rule::RoomSeer),
    (Kind::Post, "/api/chat/rooms/{room}/join", Rule::RoomJoiner),
    (Kind::Post, "/api/chat/rooms/{room}/leave", Rule::RoomMember),
    (Kind::Post, "/api/chat/rooms/{room}/close", Rule::RoomManager),
    (Kind::Post, "/api/chat/rooms/{room}/notices", Rule::RoomManager),
    (Kind::Post, "/api/chat/rooms/{room}/members", Rule::RoomManager),
    (Kind::Delete, "/api/chat/rooms/{room}/members/{code}", Rule::RoomManager),
    (Kind::Raw, "/chat/{room}", Rule::RoomMember),
    (Kind::Post, "/api/admin/users/{id}/logout", Rule::Admin),
    (Kind::Post, "/api/admin/users/{id}/push", Rule::ServiceOrAdmin),
    (Kind::Get, "/api/admin/users/{id}/connections", Rule::Admin),
    (Kind::Get, "/api/openapi.json", Rule::Anyone),
    (Kind::Send, "/app/chat.addUser", Rule::SessionParty),
    (Kind::Send, "/app/chat.removeUser", Rule::SessionParty),
    (Kind::Send, "/app/chat.sendMessage", Rule::SessionWriter),
    (Kind::Send, "/app/chat.markAsRead", Rule::SessionParty),
    (Kind::Send, "/app/chat.typing", Rule::SessionParty),
    (Kind::Send, "/app/chat.addUser", Rule::RoomJoiner),
    (Kind::Send, "/app/chat.removeUser", Rule::RoomMember),
    (Kind::Send, "/app/chat.sendMessage", Rule::RoomMember),
    (Kind::Send, "/app/chat.markAsRead", Rule::RoomMember),
    (Kind::Send, "/app/chat.typing", Rule::RoomMember),
    (Kind::Subscribe, "/topic/chat/{id}", Rule::SessionReader),
    (Kind::Subscribe, "/topic/chat/{room}", Rule::RoomMember),
    (Kind::Subscribe, "/topic/chat/sessions", Rule::Agent),
    (Kind::Subscribe, "/topic/chat/new-session", Rule::Agent),
    (Kind::Subscribe, "/topic/chat/messages", Rule::Agent),
    (Kind::Subscribe, "/topic/chat/presence", Rule::Agent),
    (Kind::Subscribe, "/topic/admin/notifications", Rule::Agent),
    (Kind::Subscribe, "/user/queue/chat", Rule::LoggedIn),
    (Kind::Subscribe, "/user/queue/notifications", Rule::LoggedIn),
    (Kind::Subscribe, "/user/queue/errors", Rule::LoggedIn),
    (Kind::Subscribe, "/user/{code}/queue/chat", Rule::Own),
    (Kind::Subscribe, "/user/{code}/queue/notifications", Rule::Own),
    (Kind::Subscribe, "/user/{code}/queue/errors", Rule::Own),
];

/// Somebody's standing towards the session, or the queue, of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// The session's customer; the queue is one's own.
    Own,
    /// The agent or admin who has it.
    Assigned,
    /// Has nothing to do with it.
    Stranger,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Nobody,
    Guest,
    Member,
    Student,
    Professor,
    Agent,
    Admin,
    Service,
}

use Relation::{Assigned, Own, Stranger};

/// Everybody who tries.
const WHO: &[(Role, Relation)] = &[
    (Role::Nobody, Stranger),
    (Role::Guest, Own),
    (Role::Guest, Stranger),
    (Role::Member, Own),
    (Role::Member, Stranger),
    (Role::Student, Stranger),
    (Role::Professor, Stranger),
    (Role::Agent, Assigned),
    (Role::Agent, Stranger),
    (Role::Admin, Assigned),
    (Role::Admin, Stranger),
    (Role::Service, Stranger),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing but the session's state or the body may be in the way.
    Allowed,
    Refused(&'static str),
}

use Verdict::{Allowed, Refused};

const LOG_IN: Verdict = Refused("unauthenticated");
const FORBIDDEN: Verdict = Refused("forbidden");
const NOT_YOURS: Verdict = Refused("not_participant");

/// What must come of it. No arm for everything else: a new rule has to be thought about.
fn verdict(rule: Rule, role: Role, relation: Relation, state: State) -> Verdict {
    let customer = matches!(role, Role::Guest | Role::Member);
    let agent = matches!(role, Role::Agent | Role::Admin);
    let manages = matches!(role, Role::Service | Role::Admin);
    if role == Role::Nobody {
        return if rule == Rule::Anyone { Allowed } else { LOG_IN };
    }
    match rule {
        Rule::Anyone | Rule::LoggedIn => Allowed,
        Rule::Customer if customer => Allowed,
        Rule::Customer => FORBIDDEN,
        Rule::Agent if agent => Allowed,
        Rule::Agent => FORBIDDEN,
        Rule::Admin if role == Role::Admin => Allowed,
        Rule::Admin => FORBIDDEN,
        Rule::Own if relation == Own => Allowed,
        Rule::Own => FORBIDDEN,
        Rule::SessionCustomer if customer => {
            if relation == Own {
                Allowed
            } else {
                NOT_YOURS
            }
        }
        Rule::SessionCustomer => FORBIDDEN,
        Rule::SessionAgent if agent => {
            if relation == Assigned || role == Role::Admin {
                Allowed
            } else {
                NOT_YOURS
            }
        }
        Rule::SessionAgent => FORBIDDEN,
        Rule::SessionReader | Rule::SessionParty | Rule::SessionWriter if !customer && !agent => FORBIDDEN,
        Rule::SessionReader => {
            if agent || relation == Own {
                Allowed
            } else {
                NOT_YOURS
            }
        }
        Rule::SessionParty => {
            if relation == Stranger {
                NOT_YOURS
            } else {
                Allowed
            }
        }
        Rule::SessionWriter => {
            if relation != Stranger || role == Role::Admin {
                Allowed
            } else {
                NOT_YOURS
            }
        }
        Rule::ServiceOrAdmin if manages => Allowed,
        Rule::ServiceOrAdmin => FORBIDDEN,
        Rule::RoomManager if manages => Allowed,
        Rule::RoomManager => FORBIDDEN,
        Rule::RoomMember if relation == Own => Allowed,
        Rule::RoomMember => NOT_YOURS,
        Rule::RoomReader | Rule::RoomSeer if relation == Own || manages => Allowed,
        Rule::RoomReader => NOT_YOURS,
        Rule::RoomSeer if state == State::Waiting => Allowed,
        Rule::RoomSeer => NOT_YOURS,
        Rule::RoomJoiner if relation == Own || state == State::Waiting => Allowed,
        Rule::RoomJoiner => FORBIDDEN,
    }
}

/// The states of the session in which a way in is tried; of a plain room, Waiting stands for an open one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Active,
    Completed,
}

fn is_about_a_session(entry: &Entry) -> bool {
    let in_path = entry.path.contains("{id}") && !entry.path.starts_with("/api/admin/users/");
    !is_about_a_room(entry) && (in_path || entry.kind == Kind::Send)
}

fn is_about_a_room(entry: &Entry) -> bool {
    matches!(
        entry.rule,
        Rule::RoomMember | Rule::RoomReader | Rule::RoomSeer | Rule::RoomJoiner | Rule::RoomManager
    )
}

/// Who tries a way in, in which state.
fn cases(entry: &Entry) -> Vec<(Role, Relation, State)> {
    if is_about_a_session(entry) {
        let states = [State::Waiting, State::Active, State::Completed];
        let all = WHO
            .iter()
            .flat_map(|(role, relation)| states.map(|state| (*role, *relation, state)));
        // Nobody has a waiting session yet.
        return all
            .filter(|(_, relation, state)| (*relation, *state) != (Assigned, State::Waiting))
            .collect();
    }
    if is_about_a_room(entry) {
        let states = [State::Waiting, State::Active, State::Completed];
        let relations = [Own, Stranger];
        let all = WHO.iter().map(|(role, _)| *role).collect::<BTreeSet<_>>();
        let all = all
            .into_iter()
            .flat_map(|role| relations.map(|relation| (role, relation)));
        return all
            .filter(|(role, relation)| *role != Role::Nobody || *relation == Stranger)
            .flat_map(|(role, relation)| states.map(|state| (role, relation, state)))
            .collect();
    }
    let mut roles: Vec<Role> = WHO.iter().map(|(role, _)| *role).collect();
    roles.dedup();
    let mut all: Vec<_> = roles.iter().map(|role| (*role, Stranger, State::Active)).collect();
    if entry.path.contains("{code}") {
        let known = roles.iter().filter(|role| **role != Role::Nobody);
        all.extend(known.map(|role| (*role, Own, State::Active)));
    }
    all
}

/// The people of one run; each tries with a connection of the same name.
struct Cast<'a> {
    maru: &'a Maru,
    category: i64,
    people: Vec<(Role, Person, Stomp)>,
    /// The customer and the agent of sessions that the one who tries has no part in.
    other_customer: Person,
    other_agent: Person,
    other_service: Person,
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_what_the_contract_says_and_nothing_else() {
    assert_same_table();
    let maru = SERVER.on(Db::Sqlite).await;
    let cast = Cast::gather(maru).await;
    let (mut tried, mut faults) = (0, Vec::new());
    for entry in ENTRIES {
        for (role, relation, state) in cases(entry) {
            let expected = verdict(entry.rule, role, relation, state);
            let got = cast.attempt(entry, role, relation, state).await;
            tried += 1;
            if !fits(&got, expected) {
                faults.push(format!(
                    "{:?} {} by {role:?}/{relation:?} in {state:?}: {got:?} instead of {expected:?}",
                    entry.kind, entry.path
                ));
            }
        }
    }
    println!("{tried} cases");
    assert!(tried > 500, "{tried}");
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
}

fn assert_same_table() {
    let words = |kind: Kind, path: &str, rule: Rule| format!("{kind:?} {path} {rule:?}");
    let served: BTreeSet<String> = ENTRIES
        .iter()
        .map(|entry| words(entry.kind, entry.path, entry.rule))
        .collect();
    let expected: BTreeSet<String> = CONTRACT
        .iter()
        .map(|(kind, path, rule)| words(*kind, path, *rule))
        .collect();
    let unexpected: Vec<_> = served.difference(&expected).collect();
    let missing: Vec<_> = expected.difference(&served).collect();
    assert!(
        unexpected.is_empty() && missing.is_empty(),
        "without expectations here: {unexpected:?}; not served so: {missing:?}"
    );
}

/// `None`: done, or not done for another reason than rights.
fn fits(got: &Option<String>, expected: Verdict) -> bool {
    match expected {
        Allowed => !matches!(
            got.as_deref(),
            Some("unauthenticated" | "forbidden" | "not_participant" | "no answer")
        ),
        Refused(code) => got.as_deref() == Some(code),
    }
}

impl<'a> Cast<'a> {
    async fn gather(maru: &'a Maru) -> Cast<'a> {
        let mut people = Vec::new();
        for (role, name) in [
            (Role::Member, "member"),
            (Role::Student, "student"),
            (Role::Professor, "professor"),
            (Role::Agent, "agent"),
            (Role::Admin, "admin"),
            (Role::Service, "service"),
        ] {
            let person = maru.person(name).await;
            let stomp = person.stomp(maru).await;
            people.push((role, person, stomp));
        }
        let guest = maru.guest().await;
        let stomp = guest.stomp(maru).await;
        let category = category(maru, &guest).await;
        people.push((Role::Guest, guest, stomp));
        Cast {
            maru,
            category,
            people,
            other_customer: maru.guest().await,
            other_agent: maru.person("agent").await,
            other_service: maru.person("service").await,
        }
    }

    fn who(&self, role: Role) -> Option<&(Role, Person, Stomp)> {
        self.people.iter().find(|person| person.0 == role)
    }

    /// The code of the refusal, if it was one.
    async fn attempt(&self, entry: &Entry, role: Role, relation: Relation, state: State) -> Option<String> {
        let number = if is_about_a_session(entry) {
            self.session(role, relation, state).await
        } else if is_about_a_room(entry) {
            self.room(role, relation, state).await
        } else {
            self.maru.guest().await.id
        };
        let me = self.who(role);
        let code = match (relation, me) {
            (Stranger, _) | (_, None) => &self.other_agent.code,
            (_, Some((_, person, _))) => &person.code,
        };
        let path = entry.path.replace("{id}", &number.to_string()).replace("{code}", code);
        let path = path.replace("{room}", &number.to_string());
        match entry.kind {
            Kind::Get | Kind::Post | Kind::Put | Kind::Delete => self.call(entry, &path, me).await,
            Kind::Raw => self.knock(number, me).await,
            Kind::Send => self.send(&path, number, me).await,
            Kind::Subscribe => self.subscribe(&path, me).await,
        }
    }

    /// A session in `state` to which somebody of this role stands in this relation.
    async fn session(&self, role: Role, relation: Relation, state: State) -> i64 {
        let me = self.who(role).map(|(_, person, _)| person);
        let customer = if relation == Own {
            me.unwrap()
        } else {
            &self.other_customer
        };
        let agent = if relation == Assigned {
            me.unwrap()
        } else {
            &self.other_agent
        };
        let number = id(&open(self.maru, customer).await);
        if state != State::Waiting {
            admin_move(self.maru, agent, number, "start", json!({})).await.ok();
        }
        if state == State::Completed {
            admin_move(self.maru, agent, number, "end", json!({})).await.ok();
        }
        number
    }

    /// A plain room in `state` of which somebody of this role is a member, or not.
    async fn room(&self, role: Role, relation: Relation, state: State) -> i64 {
        let service = self.who(Role::Service).unwrap().1.rest(self.maru);
        let me = self
            .who(role)
            .filter(|_| relation == Own)
            .map(|(_, person, _)| &person.code);
        // Somebody else makes it: who makes it manages it.
        let maker = self.other_service.rest(self.maru);
        let body = json!({ "open": state == State::Waiting, "members": me.into_iter().collect::<Vec<_>>() });
        let room = maker.post("/api/chat/rooms", body).await.is(201);
        let number = room["roomId"].as_i64().unwrap();
        if state == State::Completed {
            service
                .post(&format!("/api/chat/rooms/{number}/close"), json!({}))
                .await
                .ok();
        }
        number
    }

    /// A handshake of the room's own WebSocket.
    async fn knock(&self, room: i64, me: Option<&(Role, Person, Stomp)>) -> Option<String> {
        let connect = RawConnect::to(self.maru, &room.to_string());
        let connect = match me {
            Some((_, person, _)) => connect.by(person),
            None => connect,
        };
        let refused = connect.attempt().await.err();
        refused.map(|(_, body)| body["code"].as_str().unwrap_or_default().to_owned())
    }

    async fn call(&self, entry: &Entry, path: &str, me: Option<&(Role, Person, Stomp)>) -> Option<String> {
        let rest = match me {
            Some((_, person, _)) => person.rest(self.maru),
            None => self.maru.rest(),
        };
        let answer = match entry.kind {
            Kind::Get => rest.get(path).await,
            Kind::Put => rest.put(path, self.body(entry.path).await).await,
            Kind::Delete => rest.delete(path).await,
            _ => rest.post(path, self.body(entry.path).await).await,
        };
        match answer.status {
            200..300 => None,
            status => {
                let code = answer.code().to_owned();
                answer.refused(status, &code);
                Some(code)
            }
        }
    }

    /// A good body, so that rights alone decide.
    async fn body(&self, path: &str) -> Value {
        match path {
            "/api/chat/sessions" => json!({ "categoryId": self.category }),
            "/api/chat/sessions/{id}/transcript" | "/api/chat/sessions/{id}/email" => {
                json!({ "email": "a@example.com" })
            }
            "/api/chat/sessions/{id}/rating" => json!({ "score": 5 }),
            "/api/chat/rooms/{room}/notices" | "/api/admin/users/{id}/push" => json!({ "content": "x" }),
            "/api/chat/rooms/{room}/members" => json!({ "userCodes": [self.other_agent.code] }),
            "/api/admin/chat/availability" => json!({ "availability": "AVAILABLE" }),
            // Wrong credentials, a refresh token and a log-out of somebody who is not tried with again.
            "/api/auth/login" => json!({ "username": "nobody", "password": "x" }),
            "/api/auth/refresh" | "/api/auth/logout" => {
                let guest = self.maru.rest().post("/api/auth/guest", json!({})).await.ok();
                json!({ "refreshToken": guest["refreshToken"] })
            }
            _ => json!({}),
        }
    }

    async fn send(&self, path: &str, session: i64, me: Option<&(Role, Person, Stomp)>) -> Option<String> {
        let body = json!({ "sessionId": session, "content": "x", "typing": true });
        let Some((_, _, stomp)) = me else {
            let frame = Frame::new(Command::Send)
                .header("destination", path)
                .body(body.to_string());
            return self.without_log_in(&frame).await;
        };
        stomp
            .try_send(path, body)
            .await
            .err()
            .map(|refused| refused.code().to_owned())
    }

    async fn subscribe(&self, path: &str, me: Option<&(Role, Person, Stomp)>) -> Option<String> {
        let Some((_, person, _)) = me else {
            return self
                .without_log_in(
                    &Frame::new(Command::Subscribe)
                        .header("destination", path)
                        .header("id", "1"),
                )
                .await;
        };
        let stomp = Connect::to(self.maru).token(&person.token).without_errors().ok().await;
        stomp.try_subscribe(path, &[]).await.err().map(|error| error.code)
    }

    /// Neither a CONNECT without a log-in nor a frame without CONNECT gets through.
    async fn without_log_in(&self, frame: &Frame) -> Option<String> {
        let stomp = Connect::to(self.maru).upgrade().await.unwrap();
        stomp.raw(frame);
        assert_eq!(stomp.error().await.close.code, 1002);
        let refused = Connect::to(self.maru).attempt().await;
        Some(refused.map_or_else(|error| error.code, |_| "let in".to_owned()))
    }
}

/// Leaving, being replaced, ending: what was allowed ends with its ground, also for those who listen already.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_who_was_replaced_writes_no_more_and_a_customer_hears_no_other_session() {
    let maru = SERVER.on(Db::Sqlite).await;
    let (mine, other) = (Case::active(maru).await, Case::active(maru).await);
    let (customer, topic) = mine.customer.enter(maru, mine.id).await;
    let (other_customer, mut other_topic) = other.customer.enter(maru, other.id).await;
    other_customer.say(other.id, "비밀").await;
    other_topic.message("비밀").await;
    customer.settle().await;
    assert!(topic.all().iter().all(|event| event["content"] != "비밀"));
    for feed in customer.log() {
        if let tests::Entry::Frame(frame) = feed {
            assert!(!String::from_utf8_lossy(&frame.body).contains("비밀"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_names_every_path() {
    let maru = SERVER.on(Db::Sqlite).await;
    let described = maru.rest().get("/api/openapi.json").await.ok();
    assert!(described["openapi"].as_str().unwrap().starts_with('3'));
    for entry in ENTRIES {
        let method = match entry.kind {
            Kind::Get => "get",
            Kind::Post => "post",
            Kind::Put => "put",
            Kind::Delete => "delete",
            _ => continue,
        };
        if entry.path.starts_with("/api/") && entry.path != "/api/openapi.json" {
            assert!(
                described["paths"][entry.path][method].is_object(),
                "{method} {}",
                entry.path
            );
        }
    }
}
