//! Whether agents take sessions.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// AVAILABLE, BUSY or AWAY; an agent without a row is AVAILABLE.
const SQL: &str = "
CREATE TABLE agent_availability (
    member_id BIGINT PRIMARY KEY REFERENCES account (id),
    availability VARCHAR(10) NOT NULL,
    since BIGINT NOT NULL
);
";
