//! Accounts, log-ins and refresh tokens.

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
const SQL: &str = "
CREATE TABLE account (
    id {id},
    code VARCHAR(64) NOT NULL UNIQUE,
    username VARCHAR(64) UNIQUE,
    password_hash VARCHAR(256),
    name VARCHAR(100) NOT NULL,
    contact VARCHAR(200),
    roles VARCHAR(100) NOT NULL,
    is_guest BOOLEAN NOT NULL DEFAULT FALSE,
    locked_at BIGINT,
    expires_at BIGINT,
    credentials_expire_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX account_changed ON account (changed_at);
";
