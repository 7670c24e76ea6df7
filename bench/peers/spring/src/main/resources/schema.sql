CREATE TABLE IF NOT EXISTS member (
    member_id bigint PRIMARY KEY,
    nickname  varchar(100) NOT NULL
);

CREATE TABLE IF NOT EXISTS chat_session (
    session_id bigint PRIMARY KEY,
    member_id  bigint NOT NULL REFERENCES member,
    admin_id   bigint REFERENCES member,
    status_id  bigint NOT NULL DEFAULT 2,
    start_time timestamp NOT NULL DEFAULT current_timestamp
);

CREATE TABLE IF NOT EXISTS chat_message (
    message_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id      bigint NOT NULL REFERENCES chat_session,
    sender_id       bigint NOT NULL REFERENCES member,
    sender_type     char(1) NOT NULL,
    message_type_id bigint NOT NULL,
    content         varchar(2000) NOT NULL,
    is_read         char(1) NOT NULL DEFAULT 'N',
    cdate           timestamp NOT NULL DEFAULT current_timestamp
);

CREATE INDEX IF NOT EXISTS idx_chat_message_session_cdate ON chat_message (session_id, cdate DESC);
