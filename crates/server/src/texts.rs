//! Every sentence a person reads that comes from the server, in Korean and English.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./texts",
        fallback_language: "ko",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static KO: LanguageIdentifier = langid!("ko");
static EN: LanguageIdentifier = langid!("en");

/// A language Maru speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    Ko,
    En,
}

impl Locale {
    /// `ko` or `en`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The language of a two-letter code, as the database keeps it.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "ko" => Some(Self::Ko),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The best of ours for an `Accept-Language` value (RFC 9110, 12.5.4); `None` if it names neither.
    pub fn accepted(accept_language: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for item in accept_language.split(',') {
            let mut parts = item.split(';');
            let range = parts.next().unwrap_or_default().trim();
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q=")?.trim().parse().ok())
                .unwrap_or(1.0);
            let primary = range.split('-').next().unwrap_or_default();
            let locale = Self::from_code(&primary.to_ascii_lowercase());
            if let Some(locale) = locale
                && weight > 0.0
                && best.is_none_or(|(_, w)| weight > w)
            {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Ko => &KO,
            Self::En => &EN,
        }
    }
}

/// The name of a sentence in `texts/{ko,en}/main.ftl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextKey(pub &'static str);

impl TextKey {
    /// The sentence, with `args` in the places of `{ $name }`.
    pub fn say(self, locale: Locale, args: &[(&'static str, String)]) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = args
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(value.as_str())))
            .collect();
        TEXTS.lookup_with_args(locale.id(), self.0, &args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_decides_which_language_is_taken() {
        assert_eq!(Locale::accepted("en-US,ko;q=0.9"), Some(Locale::En));
        assert_eq!(Locale::accepted("fr, ko;q=0.5, en;q=0.4"), Some(Locale::Ko));
        assert_eq!(Locale::accepted("fr"), None);
        assert_eq!(Locale::accepted("en;q=0"), None);
    }

    #[test]
    fn both_languages_have_the_same_sentences() {
        let keys = |source: &str| -> Vec<String> {
            source
                .lines()
                .filter_map(|l| l.split_once(" = ").map(|(k, _)| k.to_owned()))
                .collect()
        };
        let ko = keys(include_str!("../texts/ko/main.ftl"));
        let en = keys(include_str!("../texts/en/main.ftl"));
        assert!(!ko.is_empty());
        assert_eq!(ko, en);
    }
}
