//! FFmpeg's messages, made fit to be stored: they quote the file, and so may say anything at any length.

/// Longest message that is kept, in characters.
const LONGEST: usize = 500;

/// The end of a message as one line of valid text without control characters, paths, URLs or memory addresses, at most 500
/// characters. The end, because FFmpeg names the consequence last.
#[must_use]
pub fn clean(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let text: String = text.chars().map(|c| if unwanted(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "@" && !is_address(word)).collect();
    let shown: Vec<&str> = words.into_iter().map(|word| if is_path(word) { "[file]" } else { word }).collect();
    let line = shown.join(" ");
    let excess = line.chars().count().saturating_sub(LONGEST);
    match excess {
        0 => line,
        _ => line.chars().skip(excess + 1).fold(String::from("…"), |mut kept, c| {
            kept.push(c);
            kept
        }),
    }
}

/// Control characters, and those that turn the direction of text.
fn unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn is_path(word: &str) -> bool {
    let bare = word.trim_start_matches(['\'', '"', '(', '[']);
    word.contains("://")
        || word.contains("file:")
        || bare.starts_with(['/', '~', '\\'])
        || word.matches('/').count() > 1
}

fn is_address(word: &str) -> bool {
    word.strip_prefix("0x").is_some_and(|rest| {
        let digits = rest.trim_end_matches([']', ',', ':']);
        digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_addresses_and_controls_are_gone() {
        let message =
            b"[mov,mp4 @ 0x55d0c0ffee00] moov atom not found\nhttp://127.0.0.1:9/c0ffee: Invalid data\0 \xff\xfe\x1b[31m \
            file:///etc/passwd (http://169.254.169.254/x) '/etc/shadow' 30/1\r\n";
        let cleaned = clean(message);
        assert!(cleaned.starts_with("[mov,mp4 moov atom not found [file] Invalid data"), "{cleaned}");
        for hidden in ["127.0.0.1", "passwd", "shadow", "169.254", "0x55", "\0", "\u{1b}"] {
            assert!(!cleaned.contains(hidden), "{hidden:?} in {cleaned}");
        }
        assert!(cleaned.ends_with("30/1"), "{cleaned}");
    }

    #[test]
    fn megabytes_become_a_line() {
        let message = [b"x ".repeat(4_000_000), b"the end".to_vec()].concat();
        let cleaned = clean(&message);
        assert!(cleaned.chars().count() == LONGEST && cleaned.ends_with("the end"), "{cleaned}");
        assert_eq!(clean(b""), "");
        assert_eq!(clean("ü".repeat(501).as_bytes()).chars().count(), LONGEST);
    }
}
