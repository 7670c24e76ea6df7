//! What visitors may ask before they say anything.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::features::accounts::Language;
use crate::features::support::Support;
use crate::features::support::desk::Desk;

/// Whether, when and how soon somebody answers.
#[utoipa::path(get, path = "/api/chat/availability", tag = "support", responses((status = 200, body = Desk)))]
pub async fn desk(State(support): State<Support>, Language(locale): Language) -> Response {
    match support.desk().await {
        Ok(desk) => Json(desk).into_response(),
        Err(refusal) => refusal.response(locale),
    }
}
