//! Rooms and their messages, codes, support sessions.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// Times are milliseconds since 1970 in UTC. `room.gate` says who may write: OWNER, MEMBERS or CLOSED.
/// `side` is M for the customer's side and A for the agents'. A support session has the id of its room.
/// `due_at` is the earliest moment at which time alone changes a session.
const SQL: &str = "
CREATE TABLE room (
    id {id},
    kind VARCHAR(16) NOT NULL,
    room_key VARCHAR(100) UNIQUE,
    owner_id BIGINT REFERENCES account (id),
    locale VARCHAR(2) NOT NULL,
    gate VARCHAR(8) NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    rev BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
);
CREATE TABLE room_member (
    room_id BIGINT NOT NULL REFERENCES room (id),
    member_id BIGINT NOT NULL REFERENCES account (id),
    side VARCHAR(1) NOT NULL,
    PRIMARY KEY (room_id, member_id)
);
CREATE INDEX room_member_member ON room_member (member_id);
CREATE TABLE message (
    id {id},
    room_id BIGINT NOT NULL REFERENCES room (id),
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    sender_id BIGINT REFERENCES account (id),
    sender_name VARCHAR(100),
    sender_type VARCHAR(1) NOT NULL,
    message_type VARCHAR(16) NOT NULL,
    content TEXT NOT NULL,
    system_code VARCHAR(40),
    system_params TEXT,
    client_message_id VARCHAR(64),
    reply_to BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (room_id, seq),
    UNIQUE (room_id, sender_id, client_message_id)
);
CREATE INDEX idx_chat_message_session_cdate ON message (room_id, created_at DESC);
CREATE TABLE read_mark (
    room_id BIGINT NOT NULL REFERENCES room (id),
    member_id BIGINT NOT NULL REFERENCES account (id),
    side VARCHAR(1) NOT NULL,
    seq BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, member_id)
);
CREATE TABLE code (
    id {id},
    group_code VARCHAR(40) NOT NULL,
    code VARCHAR(40) NOT NULL,
    label_ko VARCHAR(100) NOT NULL,
    label_en VARCHAR(100) NOT NULL,
    sort_order INTEGER NOT NULL,
    in_use BOOLEAN NOT NULL,
    UNIQUE (group_code, code)
);
CREATE TABLE support_session (
    id BIGINT PRIMARY KEY REFERENCES room (id),
    customer_id BIGINT NOT NULL REFERENCES account (id),
    agent_id BIGINT REFERENCES account (id),
    category_id BIGINT NOT NULL REFERENCES code (id),
    title VARCHAR(200),
    status VARCHAR(12) NOT NULL,
    started_at BIGINT NOT NULL,
    waiting_since BIGINT,
    waiting_alerted BOOLEAN NOT NULL DEFAULT FALSE,
    first_taken_at BIGINT,
    first_response_at BIGINT,
    ended_at BIGINT,
    exit_reason VARCHAR(16),
    ended_by VARCHAR(1),
    disconnect_reason VARCHAR(16),
    member_connected BOOLEAN NOT NULL DEFAULT FALSE,
    member_announced BOOLEAN NOT NULL DEFAULT FALSE,
    member_seen_at BIGINT,
    member_lost_at BIGINT,
    member_away_since BIGINT,
    member_away_until BIGINT,
    member_reason VARCHAR(16),
    agent_connected BOOLEAN NOT NULL DEFAULT FALSE,
    agent_announced BOOLEAN NOT NULL DEFAULT FALSE,
    agent_seen_at BIGINT,
    agent_lost_at BIGINT,
    agent_away_since BIGINT,
    agent_away_until BIGINT,
    agent_reason VARCHAR(16),
    due_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX idx_chat_session_status_time ON support_session (status, started_at DESC, id DESC);
CREATE INDEX idx_chat_session_member ON support_session (customer_id, started_at DESC, id DESC);
CREATE INDEX idx_chat_session_admin ON support_session (agent_id, started_at DESC, id DESC);
CREATE INDEX support_session_time ON support_session (started_at DESC, id DESC);
CREATE INDEX support_session_category ON support_session (category_id, started_at DESC, id DESC);
CREATE INDEX support_session_ended ON support_session (ended_at);
CREATE INDEX support_session_due ON support_session (due_at) WHERE due_at IS NOT NULL;
";
