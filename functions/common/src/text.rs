//! Texts that people give things: names, titles.

/// Why a text cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More characters than there is room for.
    #[error("is too long")]
    Long,
    /// Line breaks, tabs and the like.
    #[error("has characters that do not print")]
    Control,
}

/// A text of one line without the spaces around it, at most `most` characters. Everything else stays as it was written.
pub fn line(text: &str, most: usize) -> Result<&str, TextError> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(TextError::Control);
    }
    if text.chars().nth(most).is_some() {
        return Err(TextError::Long);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_as_it_was_written() {
        let name = "<b>\u{202e}Ada\u{202c} \u{1f3a5} O'Brien</b>";
        assert_eq!(line(&format!("  {name} "), 100), Ok(name));
        assert_eq!(line("", 1), Ok(""));
        assert_eq!(line("\u{e4}\u{e4}", 2), Ok("\u{e4}\u{e4}"));
        assert_eq!(line("abc", 2), Err(TextError::Long));
        for control in ["a\nb", "a\u{0}b", "a\u{7f}b", "a\u{85}b"] {
            assert_eq!(line(control, 100), Err(TextError::Control), "{control:?}");
        }
    }
}
