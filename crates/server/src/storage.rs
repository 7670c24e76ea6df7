//! The database that the settings name, with its schema up to date.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use sea_orm_migration::MigratorTrait;
use secrecy::ExposeSecret;

use crate::adapters::database::{Database, OpenError, Options};
use crate::config::Config;
use crate::migrations::Migrator;

/// Where the database is when the settings say nothing.
const DEFAULT_URL: &str = "sqlite:maru.db";

/// What the settings say of the database.
pub fn options(config: &Config) -> Options<'_> {
    let url = config.database.url.expose_secret();
    Options {
        url: if url.is_empty() { DEFAULT_URL } else { url },
        folder: &config.server.data_dir,
        connections: config.database.connections,
        acquire_timeout: Duration::from_secs(config.database.acquire_timeout_s),
    }
}

/// Opens the database and takes the steps of the schema that it lacks.
///
/// # Errors
/// A database that cannot be used, or a step that fails.
pub async fn open(config: &Config) -> Result<Database, OpenError> {
    make_folder(&config.server.data_dir).map_err(OpenError::Folder)?;
    let db = Database::open(options(config)).await?;
    Migrator::up(db.write(), None).await?;
    Ok(db)
}

/// Makes the data folder, for its owner only, if it is not there.
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// How many steps the schema of an open database lacks.
///
/// # Errors
/// The database fails, or knows steps that this program does not.
pub async fn steps_lacking(db: &Database) -> Result<usize, sea_orm::DbErr> {
    Ok(Migrator::get_pending_migrations(db.write()).await?.len())
}
