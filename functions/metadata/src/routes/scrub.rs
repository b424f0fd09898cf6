//! Texts of programs, without what signs somebody in or says who they are.

/// Characters of a word that may be a key, a token or a signature: nothing that people write is as long without a break.
const LONG: usize = 32;

/// The text with addresses of mail, queries of addresses and long words of letters and digits left out.
pub(super) fn scrubbed(text: &str) -> String {
    let mut scrubbed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (between, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|character| !is_word(character)).unwrap_or(from.len()));
        scrubbed.push_str(between);
        scrubbed.push_str(&shown(word));
        rest = after;
    }
    scrubbed.push_str(rest);
    scrubbed
}

/// What stands together: between spaces, quotes and brackets.
fn is_word(character: char) -> bool {
    !(character.is_whitespace()
        || character.is_control()
        || matches!(character, '"' | '\'' | '`' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';'))
}

fn shown(word: &str) -> String {
    // What follows an address signs whoever has it in, as often as not.
    if let Some((address, _)) = word.split_once(['?', '#']).filter(|(address, _)| address.contains("://")) {
        return format!("{}?[left out]", shown(address));
    }
    if word.contains('@') {
        return "[left out]".to_owned();
    }
    let mut shown = String::with_capacity(word.len());
    for piece in word.split_inclusive(['/', '=', ':', '&', '\\', '|']) {
        if secret(piece) { shown.push_str("[left out]") } else { shown.push_str(piece) }
    }
    shown
}

/// Long, and of the characters of keys and tokens. A path's or a module's name has a dot or is shorter.
fn secret(piece: &str) -> bool {
    let piece = piece.trim_end_matches(['/', '=', ':', '&', '\\', '|']);
    let of_a_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'.' | b'%' | b'~');
    let digits = piece.bytes().filter(u8::is_ascii_digit).count();
    piece.len() >= LONG && piece.bytes().all(of_a_token) && digits > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_in_is_left_out() {
        for (text, expected) in [
            ("GET https://cap.test/api/plan 200", "GET https://cap.test/api/plan 200"),
            (
                "PUT https://b.s3.amazonaws.com/videos/raw/x.mp4?X-Amz-Signature=ab12 failed",
                "PUT https://b.s3.amazonaws.com/videos/raw/x.mp4?[left out] failed",
            ),
            ("Authorization: Bearer 7b0c2f4e-1111-4222-8333-123456789012", "Authorization: Bearer [left out]"),
            ("{\"api_key\":\"7b0c2f4e-1111-4222-8333-123456789012\"}", "{\"api_key\":\"[left out]\"}"),
            ("token=0123456789abcdef0123456789abcdef&x=1", "token=[left out]x=1"),
            ("signed in as ada@example.test.", "signed in as [left out]"),
            (
                "cap_recording::studio_recording::run_pipeline_until_done",
                "cap_recording::studio_recording::run_pipeline_until_done",
            ),
            ("", ""),
            ("ä \u{0} ö", "ä \u{0} ö"),
        ] {
            assert_eq!(scrubbed(text), expected);
        }
    }
}
