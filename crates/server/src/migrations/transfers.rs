//! Why a session was last given on.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// For agents only.
const SQL: &str = "
ALTER TABLE support_session ADD COLUMN transfer_reason VARCHAR(200);
";
