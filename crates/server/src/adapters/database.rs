//! The SQL database: SQLite inside the process, or PostgreSQL.
//!
//! Statements are shared: `$1` placeholders work on both. SQLite has one connection that writes, so that
//! writers queue here and not in its lock, and several that read. What commits append to its log is carried over
//! into the database beside them, so that no commit has to wait for it.

use std::path::Path;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    FromQueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait, Value,
};
use tokio_util::sync::CancellationToken;

/// The oldest SQLite without the WAL-reset corruption (3.7.0 to 3.51.2 have it).
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// How often the log is carried over into the database.
const CARRY_OVER: Duration = Duration::from_secs(2);
/// Pages of the log (4 KiB) at which a commit carries over what is left, so that the log starts again at its beginning even
/// when there is no pause between commits.
const LOG_PAGES_MAX: &str = "8000";
/// What the writing connection may keep of the database in memory, in KiB: appended messages touch pages of four indexes.
const WRITE_CACHE_KIB: &str = "-16384";

/// The open database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

/// What [`Database::open`] needs to know.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// `sqlite:PATH` (relative to `folder`), or `postgres://…`.
    pub url: &'a str,
    /// Where a relative SQLite path starts.
    pub folder: &'a Path,
    /// Reading connections (SQLite), or all connections (PostgreSQL).
    pub connections: u32,
    /// Longest wait for a connection.
    pub acquire_timeout: Duration,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database.url must begin with sqlite: or postgres://")]
    UnknownKind,
    #[error("SQLite {found} has a bug that can lose data; {min} or newer is needed")]
    SqliteTooOld { found: String, min: String },
    #[error("the folder of the database cannot be made: {0}")]
    Folder(std::io::Error),
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Database {
    /// Opens the database and checks that it is fit; makes the SQLite file if it is not there.
    ///
    /// # Errors
    /// A URL of another kind, a database that does not answer, or an SQLite older than 3.51.3.
    pub async fn open(options: Options<'_>) -> Result<Self, OpenError> {
        if let Some(path) = options.url.strip_prefix("sqlite:") {
            return Self::open_sqlite(&options.folder.join(path), &options).await;
        }
        if options.url.starts_with("postgres://") || options.url.starts_with("postgresql://") {
            let all = connect(options.url.to_owned(), options.connections, &options, |o| o).await?;
            return Ok(Self {
                write: all.clone(),
                read: all,
            });
        }
        Err(OpenError::UnknownKind)
    }

    async fn open_sqlite(file: &Path, options: &Options<'_>) -> Result<Self, OpenError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(OpenError::Folder)?;
        }
        let url = format!("sqlite:{}?mode=rwc", file.display());
        let write = connect(url.clone(), 1, options, |o| {
            o.pragma("wal_autocheckpoint", LOG_PAGES_MAX)
                .pragma("cache_size", WRITE_CACHE_KIB)
        })
        .await?;
        check_sqlite_version(&write).await?;
        let read = connect(url, options.connections, options, |o| o.pragma("query_only", "ON")).await?;
        Ok(Self { write, read })
    }

    /// Which SQL this database speaks.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// For reading outside a transaction.
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For one statement that writes, and for migrations.
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that may write. Dropped without commit it is rolled back.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// Carries SQLite's log over into the database from time to time, until `cancel`: reading goes on meanwhile, and so
    /// does writing.
    pub async fn carry_over(&self, cancel: CancellationToken) {
        if self.backend() != DbBackend::Sqlite {
            return;
        }
        while cancel
            .run_until_cancelled(tokio::time::sleep(CARRY_OVER))
            .await
            .is_some()
        {
            if let Err(error) = self.read.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await {
                tracing::warn!(%error, "the log was not carried over; a later commit will");
            }
        }
    }

    /// Closes all connections after what runs on them.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await
    }
}

async fn connect(
    url: String,
    connections: u32,
    options: &Options<'_>,
    sqlite: impl Fn(sqlx::sqlite::SqliteConnectOptions) -> sqlx::sqlite::SqliteConnectOptions + Send + Sync + 'static,
) -> Result<DatabaseConnection, DbErr> {
    // A connection inside the process cannot break while nobody uses it.
    let is_embedded = url.starts_with("sqlite:");
    let mut o = ConnectOptions::new(url);
    o.max_connections(connections)
        .min_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .sqlx_logging(false)
        .test_before_acquire(!is_embedded)
        .map_sqlx_sqlite_opts(move |o| {
            sqlite(
                o.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    .foreign_keys(true)
                    .statement_cache_capacity(256),
            )
        });
    sea_orm::Database::connect(o).await
}

async fn check_sqlite_version(db: &DatabaseConnection) -> Result<(), OpenError> {
    let row = db
        .query_one_raw(statement(db, "SELECT sqlite_version() AS version", []))
        .await?
        .ok_or_else(|| DbErr::Custom("sqlite_version() answered nothing".into()))?;
    let found: String = row.try_get("", "version")?;
    let mut parts = found.split('.').map(|part| part.parse().unwrap_or(0));
    let version = (
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
        parts.next().unwrap_or(0),
    );
    if version >= SQLITE_VERSION_MIN {
        return Ok(());
    }
    let (a, b, c) = SQLITE_VERSION_MIN;
    Err(OpenError::SqliteTooOld {
        found,
        min: format!("{a}.{b}.{c}"),
    })
}

/// A statement with `$1`… placeholders, for whichever database `db` is.
pub fn statement<C: ConnectionTrait>(db: &C, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Runs a statement that returns no rows.
pub async fn execute<C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<ExecResult, DbErr> {
    db.execute_raw(statement(db, sql, values)).await
}

/// The first row of a query, if there is one.
pub async fn one<R: FromQueryResult, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<R>, DbErr> {
    let row = db.query_one_raw(statement(db, sql, values)).await?;
    row.map(|row| R::from_query_result(&row, "")).transpose()
}

/// All rows of a query.
pub async fn all<R: FromQueryResult, C: ConnectionTrait>(
    db: &C,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<R>, DbErr> {
    let rows = db.query_all_raw(statement(db, sql, values)).await?;
    rows.iter().map(|row| R::from_query_result(row, "")).collect()
}
