//! Which database a server runs on, and a look into it past the server.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};

use crate::checker::Stored;

/// The kinds of database that every storage suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Db {
    Sqlite,
    Postgres,
}

/// One database, read directly.
#[derive(Debug)]
pub struct Storage(DatabaseConnection);

impl Storage {
    pub(crate) async fn open(url: &str) -> Storage {
        // One connection, so that what is said to it is said to it again.
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Storage(sea_orm::Database::connect(options).await.unwrap())
    }

    pub(crate) fn sqlite_url(folder: &Path) -> String {
        format!("sqlite:{}?mode=rw", folder.join("maru.db").display())
    }

    /// Rows of a query without parameters.
    pub async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        self.try_rows(sql)
            .await
            .unwrap_or_else(|| panic!("the database does not take {sql}"))
    }

    /// Rows of a query that this kind of database may not understand.
    pub async fn try_rows(&self, sql: &str) -> Option<Vec<QueryResult>> {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        self.0.query_all_raw(statement).await.ok()
    }

    /// Runs a statement.
    pub async fn run(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
    }

    /// Takes SQLite's write lock, as another process would, until [`Storage::let_go`].
    pub async fn hold_the_write_lock(&self) {
        self.run("BEGIN IMMEDIATE").await;
    }

    /// Ends what [`Storage::hold_the_write_lock`] began.
    pub async fn let_go(&self) {
        self.run("ROLLBACK").await;
    }

    /// Ends every connection to this PostgreSQL database but this one.
    pub async fn drop_other_connections(&self) {
        let others = "datname = current_database() AND pid <> pg_backend_pid()";
        self.rows(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        ))
        .await;
    }

    /// Every message of a room in the order of its numbers.
    pub async fn messages(&self, room: i64) -> Vec<Stored> {
        let sql = format!(
            "SELECT id, seq, sender_id, client_message_id, content FROM message WHERE room_id = {room} ORDER BY seq, id"
        );
        let read = |row: QueryResult| Stored {
            message_id: row.try_get("", "id").unwrap(),
            seq: row.try_get("", "seq").unwrap(),
            sender_id: row.try_get("", "sender_id").unwrap(),
            client_message_id: row.try_get("", "client_message_id").unwrap(),
            content: row.try_get("", "content").unwrap(),
        };
        self.rows(&sql).await.into_iter().map(read).collect()
    }
}
