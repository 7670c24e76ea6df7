//! Code tables: the groups of values that operators may name and order, in Korean and English. Held in memory.

pub mod handlers;
mod store;

use std::sync::{Arc, PoisonError, RwLock};

use sea_orm::DbErr;

use crate::adapters::database::Database;
use crate::texts::Locale;

/// The group of a support session's categories.
pub const CATEGORIES: &str = "FAQ_CATEGORY";

/// One value of a code table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeEntry {
    pub id: i64,
    pub group: String,
    pub code: String,
    pub label_ko: String,
    pub label_en: String,
    /// Values that are not in use keep their labels, but cannot be chosen any more.
    pub in_use: bool,
}

impl CodeEntry {
    /// Its label in a language.
    pub fn label(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ko => &self.label_ko,
            Locale::En => &self.label_en,
        }
    }
}

/// All code tables. Cheap to clone.
#[derive(Clone)]
pub struct Codes {
    db: Database,
    /// In the order of the tables.
    cached: Arc<RwLock<Arc<Vec<CodeEntry>>>>,
}

impl Codes {
    /// Reads the tables.
    pub async fn open(db: Database) -> Result<Self, DbErr> {
        let entries = store::all(db.read()).await?;
        Ok(Self {
            db,
            cached: Arc::new(RwLock::new(Arc::new(entries))),
        })
    }

    /// Reads the tables again.
    pub async fn refresh(&self) -> Result<(), DbErr> {
        let entries = Arc::new(store::all(self.db.read()).await?);
        *self.cached.write().unwrap_or_else(PoisonError::into_inner) = entries;
        Ok(())
    }

    /// Every value, by group and order.
    pub fn all(&self) -> Arc<Vec<CodeEntry>> {
        Arc::clone(&self.cached.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The category with this number, also one that is no longer in use.
    pub fn category(&self, id: i64) -> Option<CodeEntry> {
        let all = self.all();
        all.iter()
            .find(|entry| entry.id == id && entry.group == CATEGORIES)
            .cloned()
    }
}
