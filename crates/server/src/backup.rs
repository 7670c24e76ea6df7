//! `maru backup FILE`: a whole copy of the embedded database, beside a running server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::database::{self, Database, Options};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("database.url is PostgreSQL: use pg_dump (docs/OPERATIONS.md says how)")]
    NotEmbedded,
    #[error("there is no database at {0}")]
    NoDatabase(PathBuf),
    #[error("{0} is there already")]
    Exists(PathBuf),
    #[error("the copy failed its check: {0}")]
    Damaged(String),
    #[error("{0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Open(#[from] database::OpenError),
    #[error(transparent)]
    Database(#[from] sea_orm::DbErr),
}

/// Copies the database as it is at one moment to `file`, readable by its owner only, and checks the copy.
///
/// # Errors
/// No embedded database, a file that is there already, or a copy that is not whole.
pub async fn backup(options: Options<'_>, file: &Path) -> Result<(), BackupError> {
    let source = source(&options)?;
    if file.exists() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let draft = draft_of(file);
    let copied = copy(options, &draft).await;
    if let Err(error) = copied {
        // What is left of a failed copy is of no use to anybody; there may be nothing.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    fs::File::open(&draft)?.sync_all()?;
    fs::rename(&draft, file)?;
    tracing::debug!(from = %source.display(), to = %file.display(), "copied");
    Ok(())
}

fn source(options: &Options<'_>) -> Result<PathBuf, BackupError> {
    let path = options.url.strip_prefix("sqlite:").ok_or(BackupError::NotEmbedded)?;
    let source = options.folder.join(path);
    if source.is_file() {
        Ok(source)
    } else {
        Err(BackupError::NoDatabase(source))
    }
}

fn draft_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

async fn copy(options: Options<'_>, draft: &Path) -> Result<(), BackupError> {
    make_private(draft)?;
    let db = Database::open(options).await?;
    let to = draft.to_string_lossy().into_owned();
    let copied = database::execute(db.write(), "VACUUM INTO $1", [to.into()]).await;
    db.close().await?;
    copied?;
    check(draft).await
}

/// SQLite fills an empty file that is there, and leaves its rights as they are.
fn make_private(draft: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    Ok(())
}

async fn check(draft: &Path) -> Result<(), BackupError> {
    use sqlx::{Connection, Row};
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(draft)
        .read_only(true);
    let said = async {
        let mut copy = sqlx::SqliteConnection::connect_with(&options).await?;
        let row = sqlx::query("PRAGMA integrity_check").fetch_one(&mut copy).await?;
        row.try_get::<String, _>(0)
    };
    match said.await {
        Ok(said) if said == "ok" => Ok(()),
        Ok(said) => Err(BackupError::Damaged(said)),
        Err(error) => Err(BackupError::Damaged(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::ConnectionTrait;

    use super::*;

    fn options(folder: &Path) -> Options<'_> {
        Options {
            url: "sqlite:maru.db",
            folder,
            connections: 1,
            acquire_timeout: Duration::from_secs(5),
        }
    }

    #[tokio::test]
    async fn a_copy_made_beside_a_writer_is_whole_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open(options(folder.path())).await.unwrap();
        database::execute(db.write(), "CREATE TABLE t (n INTEGER)", [])
            .await
            .unwrap();
        database::execute(db.write(), "INSERT INTO t VALUES (7)", [])
            .await
            .unwrap();
        let writing = db.begin().await.unwrap();
        database::execute(&writing, "INSERT INTO t VALUES (8)", [])
            .await
            .unwrap();

        let file = folder.path().join("copy.db");
        backup(options(folder.path()), &file).await.unwrap();
        writing.commit().await.unwrap();

        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let options_of_copy = Options {
            url: "sqlite:copy.db",
            ..options(folder.path())
        };
        let copy = Database::open(options_of_copy).await.unwrap();
        let sum = database::statement(copy.read(), "SELECT SUM(n) AS sum FROM t", []);
        let row = copy.read().query_one_raw(sum).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "sum").unwrap(), 7);
        let error = backup(options(folder.path()), &file).await.unwrap_err();
        assert!(matches!(error, BackupError::Exists(_)));
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("copy.db");
        let error = backup(options(folder.path()), &file).await.unwrap_err();
        assert!(matches!(error, BackupError::NoDatabase(_)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
