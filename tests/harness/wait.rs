//! Waiting for what has to come.

use std::future::Future;
use std::time::Duration;

/// How long anything may take before a test calls it lost: generous, since the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again every 20 ms until there is an answer.
///
/// # Panics
/// When none came within [`DEADLINE`].
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, asking).await {
        Ok(answer) => answer,
        Err(_) => panic!("waited in vain for {what}"),
    }
}
