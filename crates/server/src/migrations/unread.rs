//! Messages that a reader wants unread again.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// From this number on, up to the mark: the mark itself, which the other side sees, stays.
const SQL: &str = "
ALTER TABLE read_mark ADD COLUMN unread_from BIGINT;
";
