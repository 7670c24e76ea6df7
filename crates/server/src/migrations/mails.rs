//! Mails that wait to be sent, and what customers get by mail.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// A mail's row goes away once it is sent or given up. `mail_due_at`: when to look whether an agent's message is still
/// unread; `mailed_seq`: the last message that went out by mail.
const SQL: &str = "
CREATE TABLE mail (
    id {id},
    recipient VARCHAR(254) NOT NULL,
    subject VARCHAR(300) NOT NULL,
    content TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error VARCHAR(500),
    created_at BIGINT NOT NULL
);
CREATE INDEX mail_due ON mail (due_at);
ALTER TABLE support_session ADD COLUMN email VARCHAR(254);
ALTER TABLE support_session ADD COLUMN mail_due_at BIGINT;
ALTER TABLE support_session ADD COLUMN mailed_seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX support_session_mail ON support_session (mail_due_at) WHERE mail_due_at IS NOT NULL;
";
