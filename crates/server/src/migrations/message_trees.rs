//! One index less to write for each message: the order of a room is the order of its numbers, and nothing looks for messages
//! by time.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// `UNIQUE (room_id, seq)` serves what it served.
const SQL: &str = "
DROP INDEX idx_chat_message_session_cdate;
";
