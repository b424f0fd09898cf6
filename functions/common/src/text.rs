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

/// As [`line()`], of any number of lines, which a line feed ends: forms send two characters for it.
pub fn lines(text: &str, most: usize) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        return Err(TextError::Control);
    }
    if text.chars().nth(most).is_some() { Err(TextError::Long) } else { Ok(text.to_owned()) }
}

/// Characters of a file's name without its ending.
const FILE_CHARACTERS: usize = 120;

/// What a file of this title is called, without its ending: a name that every system takes, and that shows as what it is.
#[must_use]
pub fn file_name(title: &str) -> String {
    let plain = |character: char| match character {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
        character if character.is_whitespace() => ' ',
        character => character,
    };
    // Marks that turn the direction of writing make an ending look like another one.
    let shows = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = title.chars().map(plain).filter(shows).take(FILE_CHARACTERS).collect();
    // Dots in front hide a file, and at the end Windows drops them.
    let name = name.trim_matches([' ', '.']);
    if name.is_empty() { "recording".to_owned() } else { name.to_owned() }
}

/// A number with commas between its thousands, as in `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

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

    #[test]
    fn a_files_name_is_one_that_every_system_takes() {
        for (title, name) in [
            ("Demo", "Demo"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("a\u{0}\r\nSet-Cookie: x=1", "a  Set-Cookie- x=1"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("\u{e4}\u{1f3a5} \"quoted\"", "\u{e4}\u{1f3a5} -quoted-"),
            (" .hidden. ", "hidden"),
            ("...", "recording"),
            ("", "recording"),
        ] {
            assert_eq!(file_name(title), name, "{title:?}");
        }
        assert_eq!(file_name(&"x".repeat(500)).len(), 120);
    }
}
