//! Patterns of policies (IAM user guide, "Resource" and "StringLike"): `*` is any text, also none, `?` any one character.

/// Whether a value fits a pattern.
pub(super) fn fits(pattern: &str, value: &str) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) = (pattern.chars().collect(), value.chars().collect());
    // Where the last asterisk stands, and how much of the value it has taken so far.
    let (mut at, mut of, mut asterisk) = (0, 0, None);
    while of < value.len() {
        match pattern.get(at) {
            Some('*') => {
                asterisk = Some((at, of));
                at += 1;
            }
            Some(one) if *one == '?' || *one == value[of] => (at, of) = (at + 1, of + 1),
            _ => {
                let Some((start, taken)) = asterisk else { return false };
                asterisk = Some((start, taken + 1));
                (at, of) = (start + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn asterisks_take_any_text_and_question_marks_one_character() {
        for (pattern, value) in [
            ("a/*", "a/"),
            ("a/*", "a/b/c"),
            ("*", ""),
            ("a*c*e", "abcde"),
            ("a*b", "abab"),
            ("*/screen-capture.*", "x/y/screen-capture.jpg"),
            ("a?c", "aéc"),
            ("a", "a"),
        ] {
            assert!(fits(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in [
            ("a/*", "a"),
            ("a/*", "b/a/"),
            ("a*c", "acb"),
            ("a?c", "ac"),
            ("a", "A"),
            ("a", "ab"),
            ("", "a"),
            ("a*b*", "ac"),
        ] {
            assert!(!fits(pattern, value), "{pattern} {value}");
        }
    }
}
