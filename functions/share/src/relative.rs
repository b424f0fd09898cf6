//! What is derived from a video names its neighbours relatively, since addresses are signed and short-lived. Before it is
//! handed out, addresses take the names' places. A name of another shape than is ever written is refused with the whole
//! text: it may neither become a key nor send a player elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Bytes up to which a playlist is written as every player reads it. Beyond, addresses are written once and referred to:
/// a function's signed address has nearly two kilobytes and stands in every segment's line, Lambda answers with six
/// megabytes at most, and a viewer waits for the whole playlist.
const MOST_IN_FULL: usize = 1 << 20;

/// The version of a playlist that refers to variables (RFC 8216bis §8).
const VERSION_WITH_VARIABLES: u32 = 8;

/// How the cues name their picture, apart from its part.
const STORYBOARD: &str = "storyboard.jpg";

/// A stored text is not what is ever stored there. Nothing of it is in the message: it may be anything.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a stored {0} is not as it is written")]
pub(crate) struct Unexpected(&'static str);

/// A playlist (RFC 8216), cut where it names other files.
#[derive(Debug)]
pub(crate) struct Playlist<'a> {
    /// What comes before each name, and the name.
    cut: Vec<(&'a str, &'a str)>,
    rest: &'a str,
}

impl<'a> Playlist<'a> {
    /// A playlist of playlists.
    pub(crate) fn master(text: &'a [u8]) -> Result<Self, Unexpected> {
        Self::cut(text, |name| rendition(name).is_some())
    }

    /// A playlist of media.
    pub(crate) fn media(text: &'a [u8]) -> Result<Self, Unexpected> {
        Self::cut(text, |name| variable(name).is_some())
    }

    fn cut(text: &'a [u8], known: impl Fn(&str) -> bool) -> Result<Self, Unexpected> {
        let unexpected = Unexpected("playlist");
        let text = std::str::from_utf8(text).ok().filter(|text| text.starts_with("#EXTM3U\n")).ok_or(unexpected)?;
        let (mut cut, mut from, mut at) = (Vec::new(), 0, 0);
        for line in text.split_inclusive('\n') {
            for (start, name) in names(line.trim_end_matches('\n')) {
                if !known(name) {
                    return Err(Unexpected("playlist"));
                }
                cut.push((&text[from..at + start], name));
                from = at + start + name.len();
            }
            at += line.len();
        }
        Ok(Self { cut, rest: &text[from..] })
    }

    /// Each name that occurs, once.
    pub(crate) fn names(&self) -> BTreeSet<&'a str> {
        self.cut.iter().map(|(_, name)| *name).collect()
    }

    /// The playlist with addresses in the places of [`names`](Self::names).
    pub(crate) fn with(&self, addresses: &BTreeMap<&str, String>) -> String {
        let address = |name: &str| addresses.get(name).map_or("", String::as_str);
        let full = self.cut.iter().map(|(before, name)| before.len() + address(name).len()).sum::<usize>();
        if full + self.rest.len() <= MOST_IN_FULL {
            return self.replaced(|name| address(name).to_owned());
        }
        let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{VERSION_WITH_VARIABLES}\n");
        for (name, address) in addresses {
            let variable = variable(name).unwrap_or(name);
            let _ = writeln!(text, "#EXT-X-DEFINE:NAME=\"{variable}\",VALUE=\"{address}\"");
        }
        let replaced = self.replaced(|name| format!("{{${}}}", variable(name).unwrap_or(name)));
        let kept = replaced.split_inclusive('\n').skip(1).filter(|line| !line.starts_with("#EXT-X-VERSION:"));
        text.extend(kept);
        text
    }

    fn replaced(&self, by: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for (before, name) in &self.cut {
            text.push_str(before);
            text.push_str(&by(name));
        }
        text + self.rest
    }
}

/// The names in a line and where they begin: the line itself, or what a tag's attribute `URI`, or one that ends so, holds.
fn names(line: &str) -> Vec<(usize, &str)> {
    if !line.starts_with('#') {
        return if line.is_empty() { Vec::new() } else { vec![(0, line)] };
    }
    if !line.starts_with("#EXT") {
        return Vec::new();
    }
    let (mut found, mut at, mut before) = (Vec::new(), 0, "");
    // A quoted text holds no quotes, so every second piece is one.
    for (number, piece) in line.split('"').enumerate() {
        let attribute = before.trim_end().strip_suffix('=').unwrap_or_default();
        if number % 2 == 1 && attribute.trim_end().ends_with("URI") {
            found.push((at, piece));
        }
        before = piece;
        at += piece.len() + 1;
    }
    found
}

/// A playlist of playlists with one size of the picture only, for whoever chooses it. None if it has no such size.
pub(crate) fn only(master: &[u8], height: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(master).ok()?;
    let (mut kept, mut found, mut lines) = (String::with_capacity(text.len()), false, text.split_inclusive('\n'));
    while let Some(line) = lines.next() {
        if !line.starts_with("#EXT-X-STREAM-INF:") {
            kept.push_str(line);
            continue;
        }
        let name = lines.next()?;
        if rendition(name.trim_end()) == Some(height) {
            kept.extend([line, name]);
            found = true;
        }
    }
    found.then(|| kept.into_bytes())
}

/// The rendition that a playlist's name stands for: `720.m3u8`, `audio.m3u8`.
pub(crate) fn rendition(playlist: &str) -> Option<&str> {
    playlist.strip_suffix(".m3u8").filter(|name| is_rendition(name))
}

/// Whether a rendition can be called so: a height in pixels, or `audio`.
pub(crate) fn is_rendition(name: &str) -> bool {
    name == "audio"
        || matches!(name.as_bytes(), [b'1'..=b'9', rest @ ..] if (2..=3).contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit))
}

/// The variable that stands for a media file's address: `720-0` for `720-0.mp4`. Media has no other names than these.
fn variable(media: &str) -> Option<&str> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    media.strip_suffix(".mp4").filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(plain))
}

/// Cues (WebVTT) with the address of their picture. Each names a part of it (Media Fragments §4.2.2): `#xywh=0,0,160,90`.
pub(crate) fn cues(text: &[u8], picture: &str) -> Result<String, Unexpected> {
    let unexpected = || Unexpected("storyboard");
    let text = std::str::from_utf8(text).ok().filter(|text| text.starts_with("WEBVTT\n")).ok_or_else(unexpected)?;
    let mut cues = String::with_capacity(text.len());
    for line in text.lines() {
        // What is no name is the head, a cue's number, its time, or the empty line behind it.
        let number = line.bytes().all(|byte| byte.is_ascii_digit());
        if number || line == "WEBVTT" || line.contains(" --> ") {
            cues.push_str(line);
        } else {
            let part = line.strip_prefix(STORYBOARD).filter(|part| is_part(part)).ok_or_else(unexpected)?;
            cues.push_str(picture);
            cues.push_str(part);
        }
        cues.push('\n');
    }
    Ok(cues)
}

fn is_part(fragment: &str) -> bool {
    let numbers: Option<Vec<&str>> = fragment.strip_prefix("#xywh=").map(|numbers| numbers.split(',').collect());
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|numbers| numbers.len() == 4 && numbers.iter().all(is_number))
}

#[cfg(test)]
#[path = "relative_tests.rs"]
mod tests;
