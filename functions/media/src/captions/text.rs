//! The words of a caption: with WebVTT's markup (§4.2.2 of the specification), and without.

/// What may stand for a character.
const ESCAPES: [(&str, &str); 8] = [
    ("&amp;", "&"),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&nbsp;", "\u{a0}"),
    ("&lrm;", "\u{200e}"),
    ("&rlm;", "\u{200f}"),
    ("&quot;", "\""),
    ("&#39;", "'"),
];

/// Tags of SubRip that WebVTT has as well.
const TAGS: [&str; 6] = ["<i>", "</i>", "<b>", "</b>", "<u>", "</u>"];

/// Cue text without tags and escapes. Browsers show nothing of a tag either, whatever it is called.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('<') {
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        } else if let Some((escape, character)) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            plain.push_str(character);
            rest = &rest[escape.len()..];
        } else {
            plain.push('&');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    plain
}

/// Cue text of words that have no markup.
fn escaped(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Cue text as a file of WebVTT has it, stored: what would end a cue is escaped.
pub(super) fn of_vtt(text: &str) -> String {
    text.replace("-->", "--&gt;")
}

/// Cue text of what SubRip has: tags that WebVTT does not have are dropped, all other characters stand for themselves.
pub(super) fn of_srt(text: &str) -> String {
    let mut cue = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&', '{', '>']) {
        cue.push_str(&rest[..at]);
        rest = &rest[at..];
        let begins = |tag: &&&str| rest.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
        if let Some(tag) = TAGS.iter().find(begins) {
            cue.push_str(tag);
            rest = &rest[tag.len()..];
        } else if let Some(length) = dropped(rest) {
            rest = &rest[length..];
        } else if let Some((escape, _)) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            cue.push_str(escape);
            rest = &rest[escape.len()..];
        } else {
            cue.push_str(&escaped(&rest[..1]));
            rest = &rest[1..];
        }
    }
    cue.push_str(rest);
    cue
}

/// Bytes of a tag at the beginning that says how letters look or where they stand: `<font …>`, `</font>`, `{\an8}`.
fn dropped(text: &str) -> Option<usize> {
    let end = match text.as_bytes() {
        [b'{', b'\\', ..] => '}',
        [b'<', rest @ ..] => {
            let name = rest.strip_prefix(b"/").unwrap_or(rest).get(..4)?;
            name.eq_ignore_ascii_case(b"font").then_some('>')?
        }
        _ => return None,
    };
    Some(text.lines().next()?.find(end)? + 1)
}

/// Cue text with other words; `None` when there are none. Whoever speaks goes on speaking.
pub(super) fn reworded(text: &str, words: &str) -> Option<String> {
    let words = words.replace("\r\n", "\n").replace(['\r', '\0'], "\n");
    let lines: Vec<_> = words.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let words = lines.join("\n");
    if words.is_empty() {
        return None;
    }
    if words == plain(text) {
        return Some(text.to_owned());
    }
    let voice = voice(text).map_or("", |(tag, _)| tag);
    Some(format!("{voice}{}", escaped(&words)))
}

/// Who speaks.
pub(super) fn speaker(text: &str) -> Option<String> {
    let name = plain(voice(text)?.1);
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

/// The tag at the beginning that says who speaks, `<v Ada>` or `<v.loud Ada>`, and what stands for the name in it.
fn voice(text: &str) -> Option<(&str, &str)> {
    let end = text.find('>')?;
    let inside = text[..end].strip_prefix("<v")?;
    if !inside.starts_with(['.', ' ', '\t']) {
        return None;
    }
    let (_, name) = inside.split_once([' ', '\t'])?;
    Some((&text[..=end], name))
}
