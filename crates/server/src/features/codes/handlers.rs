//! `/api/chat/categories`, `/api/chat/codes`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CATEGORIES, Codes};
use crate::features::accounts::Language;
use crate::texts::Locale;

/// A category that a customer may choose.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    category_id: i64,
    code: String,
    /// In the reader's language.
    name: String,
}

/// The categories in use, in order.
#[derive(Serialize, ToSchema)]
pub struct Categories {
    items: Vec<Category>,
}

/// The categories of support sessions, in the reader's language and in order.
#[utoipa::path(get, path = "/api/chat/categories", tag = "support",
    responses((status = 200, body = Categories)))]
pub async fn categories(State(codes): State<Codes>, Language(locale): Language) -> Json<Categories> {
    let all = codes.all();
    let chosen = all.iter().filter(|e| e.group == CATEGORIES && e.in_use);
    Json(Categories {
        items: chosen
            .map(|entry| Category {
                category_id: entry.id,
                code: entry.code.clone(),
                name: entry.label(locale).to_owned(),
            })
            .collect(),
    })
}

/// A value of a code table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeView {
    group: String,
    code: String,
    /// In the reader's language.
    name: String,
    name_ko: String,
    name_en: String,
    in_use: bool,
}

/// All code tables, by group and order.
#[derive(Serialize, ToSchema)]
pub struct CodeTables {
    items: Vec<CodeView>,
}

/// All code tables: statuses, message types, reasons and categories with their labels.
#[utoipa::path(get, path = "/api/chat/codes", tag = "support",
    responses((status = 200, body = CodeTables)))]
pub async fn codes(State(codes): State<Codes>, Language(locale): Language) -> Json<CodeTables> {
    let all = codes.all();
    Json(CodeTables {
        items: all.iter().map(|entry| view(entry, locale)).collect(),
    })
}

fn view(entry: &super::CodeEntry, locale: Locale) -> CodeView {
    CodeView {
        group: entry.group.clone(),
        code: entry.code.clone(),
        name: entry.label(locale).to_owned(),
        name_ko: entry.label_ko.clone(),
        name_en: entry.label_en.clone(),
        in_use: entry.in_use,
    }
}
