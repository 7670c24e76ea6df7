//! The SQL of the code tables.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult};

use super::CodeEntry;
use crate::adapters::database;

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    group_code: String,
    code: String,
    label_ko: String,
    label_en: String,
    in_use: bool,
}

/// Every value, by group and order.
pub(super) async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<CodeEntry>, DbErr> {
    let rows = database::all::<Row, _>(
        db,
        "SELECT id, group_code, code, label_ko, label_en, in_use FROM code ORDER BY group_code, sort_order, id",
        [],
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| CodeEntry {
            id: row.id,
            group: row.group_code,
            code: row.code,
            label_ko: row.label_ko,
            label_en: row.label_en,
            in_use: row.in_use,
        })
        .collect())
}
