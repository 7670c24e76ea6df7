//! Accounts and log-ins.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// Times are milliseconds since 1970 in UTC; `roles` are names separated by commas.
/// `ended_at`: live connections from before must end. `tokens_from`: tokens from before that no log-in made are over.
/// A log-in's refresh token is made from its row and `generation`; only the latest generation is good.
const SQL: &str = "
CREATE TABLE account (
    id {id},
    code VARCHAR(64) NOT NULL UNIQUE,
    username VARCHAR(64) UNIQUE,
    password_hash VARCHAR(256),
    name VARCHAR(100) NOT NULL,
    contact VARCHAR(200),
    roles VARCHAR(100) NOT NULL,
    is_agent BOOLEAN NOT NULL DEFAULT FALSE,
    is_guest BOOLEAN NOT NULL DEFAULT FALSE,
    locked_at BIGINT,
    expires_at BIGINT,
    credentials_expire_at BIGINT,
    ended_at BIGINT,
    tokens_from BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX account_agent ON account (name) WHERE is_agent;
CREATE INDEX account_ended ON account (ended_at);
CREATE INDEX account_expires ON account (expires_at);
CREATE INDEX account_credentials_expire ON account (credentials_expire_at);
CREATE TABLE login (
    id {id},
    account_id BIGINT NOT NULL REFERENCES account (id),
    generation BIGINT NOT NULL DEFAULT 1,
    cookie_hash VARCHAR(64) UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX login_account ON login (account_id);
CREATE INDEX login_expires ON login (expires_at);
CREATE INDEX login_revoked ON login (revoked_at);
";
