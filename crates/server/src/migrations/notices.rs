//! What people told everybody in a room to notice, found without reading the room.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// Few messages are notices, and those of the system are not asked for.
const SQL: &str = "
CREATE INDEX message_notice ON message (room_id, seq) WHERE message_type = 'NOTIFICATION' AND sender_id IS NOT NULL;
";
