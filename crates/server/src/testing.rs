//! Databases for unit tests: a test that touches SQL runs on both kinds.

use std::time::Duration;

use sea_orm_migration::MigratorTrait as _;

use crate::adapters::database::{Database, Options};
use crate::migrations::Migrator;

/// A kind of database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A database of one test, with the whole schema.
#[derive(Debug)]
pub(crate) struct TestDatabase {
    pub(crate) db: Database,
    /// Where SQLite's files are; removed with this value.
    pub(crate) folder: tempfile::TempDir,
}

impl TestDatabase {
    pub(crate) async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match kind {
            Kind::Sqlite => "sqlite:maru.db".to_owned(),
            Kind::Postgres => ground::postgres::new_database().await,
        };
        let options = Options {
            url: &url,
            folder: folder.path(),
            connections: 4,
            acquire_timeout: Duration::from_secs(10),
        };
        let db = Database::open(options).await.unwrap();
        Migrator::up(db.write(), None).await.unwrap();
        Self { db, folder }
    }
}
