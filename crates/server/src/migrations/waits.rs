//! How long customers waited of late is looked up by the moment at which they were taken.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// For the wait that a visitor is told to expect.
const SQL: &str = "
CREATE INDEX support_session_taken ON support_session (first_taken_at) WHERE first_taken_at IS NOT NULL;
";
