//! Plain rooms: groups of members, with a name or a key of another system.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

/// A plain room has the id of its `room`; its key stands there. `status` is ACTIVE or CLOSED. `closes_at`: it closes by itself.
const SQL: &str = "
ALTER TABLE message ADD COLUMN content_type VARCHAR(32) NOT NULL DEFAULT 'text/plain';
CREATE INDEX room_member_of ON room_member (member_id, room_id);
CREATE TABLE plain_room (
    id BIGINT PRIMARY KEY REFERENCES room (id),
    name VARCHAR(100),
    status VARCHAR(12) NOT NULL,
    is_open BOOLEAN NOT NULL,
    members_max BIGINT,
    closes_at BIGINT,
    closed_at BIGINT,
    created_by BIGINT NOT NULL REFERENCES account (id),
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX plain_room_open ON plain_room (id DESC) WHERE is_open AND status = 'ACTIVE';
CREATE INDEX plain_room_due ON plain_room (closes_at) WHERE closes_at IS NOT NULL AND status = 'ACTIVE';
";
