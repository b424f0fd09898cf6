//! Languages, as BCP 47 writes them.

/// A language's tag, such as `en` or `pt-BR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

/// Languages that are offered by name, each in its own words.
pub const KNOWN: [(&str, &str); 26] = [
    ("ar", "العربية"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// Characters of a tag.
const CHARACTERS: usize = 35;

impl Language {
    /// A tag that looks like one: a language of two or three letters, and what narrows it down. Whether there is such a
    /// language nobody can know.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let mut parts = tag.split('-');
        let language = parts.next()?;
        let is_language = matches!(language.len(), 2 | 3) && language.bytes().all(|byte| byte.is_ascii_alphabetic());
        let narrows =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (tag.len() <= CHARACTERS && is_language && parts.all(narrows)).then(|| Self(tag.to_owned()))
    }

    /// The language that nothing is known of (ISO 639-2 `und`).
    #[must_use]
    pub fn unknown() -> Self {
        Self("und".to_owned())
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What people who speak it call it, or the tag.
    #[must_use]
    pub fn name(&self) -> &str {
        let language = self.0.split('-').next().unwrap_or_default();
        let known = KNOWN.iter().find(|(tag, _)| tag.eq_ignore_ascii_case(language));
        known.map_or(&self.0, |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_look_like_tags() {
        for tag in ["en", "pt-BR", "zh-Hant-TW", "de-CH-1901", "und", "x-y"] {
            assert_eq!(Language::parse(tag).is_some(), tag != "x-y", "{tag}");
        }
        for wrong in ["", "e", "english", "en_GB", "en-", "en-toolongpart", "\"><script>", "en\r\nx: y"] {
            assert_eq!(Language::parse(wrong), None, "{wrong}");
        }
        assert!(Language::parse(&format!("en{}", "-abcdefgh".repeat(5))).is_none());
    }

    #[test]
    fn languages_are_called_what_their_speakers_call_them() {
        let name = |tag: &str| Language::parse(tag).expect("a tag").name().to_owned();
        assert_eq!((name("de"), name("pt-BR"), name("gsw")), ("Deutsch".into(), "Português".into(), "gsw".into()));
    }
}
