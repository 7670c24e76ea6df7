//! What customers say of a session that is over.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// From 1 to 5.
const SQL: &str = "
ALTER TABLE support_session ADD COLUMN rating_score INTEGER;
ALTER TABLE support_session ADD COLUMN rating_comment VARCHAR(500);
ALTER TABLE support_session ADD COLUMN rated_at BIGINT;
CREATE INDEX support_session_rating ON support_session (rating_score, started_at DESC, id DESC) WHERE rating_score IS NOT NULL;
";
