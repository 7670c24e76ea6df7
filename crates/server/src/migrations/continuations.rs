//! Sessions that take up an earlier one.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// `continues` is the earlier session.
const SQL: &str = "
ALTER TABLE support_session ADD COLUMN continues BIGINT REFERENCES support_session (id);
CREATE INDEX support_session_continues ON support_session (continues) WHERE continues IS NOT NULL;
";
