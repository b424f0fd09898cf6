//! Reading files.

use super::{
    CaptionsError, Cue, MAX_BYTES, MAX_CUES,
    text::{of_srt, of_vtt},
};

/// Milliseconds that a caption may begin after the recording does.
const LATEST: u64 = 1000 * 3600 * 1000;
/// WebVTT's cue settings but for `region`, since regions are not kept.
const SETTINGS: [&str; 5] = ["vertical", "line", "position", "size", "align"];
/// Bytes of a setting.
const SETTING: usize = 40;

/// The cues of a file, in its order.
pub(super) fn cues(bytes: &[u8]) -> Result<Vec<Cue>, CaptionsError> {
    if bytes.len() > MAX_BYTES {
        return Err(CaptionsError::Large);
    }
    let text = decoded(bytes)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // WebVTT §4: NUL is shown as what cannot be shown, and there are three kinds of line breaks.
    let text = text.replace('\0', "\u{fffd}").replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let is_vtt = lines.first().is_some_and(|first| first.split([' ', '\t']).next() == Some("WEBVTT"));
    let mut reader = Reader { lines, at: 0, is_vtt };
    if is_vtt {
        reader.skip_block();
    }
    let mut cues = Vec::new();
    while let Some(cue) = reader.next()? {
        cues.extend(cue);
        if cues.len() > MAX_CUES {
            return Err(CaptionsError::Many);
        }
    }
    Ok(cues)
}

/// UTF-8, or UTF-16 that says so by its first character.
fn decoded(bytes: &[u8]) -> Result<String, CaptionsError> {
    let units = |from: fn([u8; 2]) -> u16| {
        let pairs = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        char::decode_utf16(pairs).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => Ok(units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => Ok(units(u16::from_be_bytes)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).replace("\r\n", "\n");
                Err(CaptionsError::Encoding(before.matches(['\n', '\r']).count() + 1))
            }
        },
    }
}

/// The times of a cue and where it stands.
struct Times {
    start: u64,
    end: u64,
    settings: String,
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    at: usize,
    is_vtt: bool,
}

impl Reader<'_> {
    fn line(&self) -> Option<&str> {
        self.lines.get(self.at).copied()
    }

    fn is_blank(&self) -> bool {
        self.line().is_some_and(|line| line.trim().is_empty())
    }

    /// Goes on to the next blank line, or the next times where that was forgotten.
    fn skip_block(&mut self) {
        while self.line().is_some_and(|line| !line.trim().is_empty() && !line.contains("-->")) {
            self.at += 1;
        }
    }

    /// The next block: a cue, or nothing that is shown. `None` at the end.
    fn next(&mut self) -> Result<Option<Option<Cue>>, CaptionsError> {
        while self.is_blank() {
            self.at += 1;
        }
        let Some(line) = self.line() else { return Ok(None) };
        let word = line.split([' ', '\t']).next().unwrap_or_default();
        if self.is_vtt && matches!(word, "NOTE" | "STYLE" | "REGION") && times(line).is_none() {
            while self.line().is_some_and(|line| !line.trim().is_empty()) {
                self.at += 1;
            }
            return Ok(Some(None));
        }
        if !line.contains("-->") {
            // What the cue is called, if times follow.
            let wrong = self.at + 1 + usize::from(is_number(line));
            self.at += 1;
            if !self.line().is_some_and(|line| line.contains("-->")) {
                return Err(CaptionsError::NoTimes(wrong));
            }
        }
        let number = self.at + 1;
        let times = self.line().and_then(times).ok_or(CaptionsError::Time(number))?;
        if times.end <= times.start {
            return Err(CaptionsError::Backwards(number));
        }
        self.at += 1;
        let text = self.text();
        let (text, settings) =
            if self.is_vtt { (of_vtt(&text), times.settings) } else { (of_srt(&text), String::new()) };
        // What was on a line may all have been tags that are dropped.
        let text = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
        let cue = Cue { start: times.start, end: times.end, settings, text };
        Ok(Some((!cue.text.is_empty()).then_some(cue)))
    }

    /// The lines up to the next blank one. Times among them begin another cue, and a number before those is its.
    fn text(&mut self) -> String {
        let first = self.at;
        while let Some(line) = self.line().filter(|line| !line.trim().is_empty()) {
            if times(line).is_some() {
                let named = self.at > first && is_number(self.lines[self.at - 1]);
                self.at -= usize::from(named);
                break;
            }
            self.at += 1;
        }
        self.lines[first..self.at].join("\n")
    }
}

fn is_number(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
}

fn times(line: &str) -> Option<Times> {
    let (start, rest) = line.split_once("-->")?;
    let mut rest = rest.split_whitespace();
    let (start, end) = (time(start.trim())?, time(rest.next()?)?);
    let known = |setting: &&str| {
        setting.split_once(':').is_some_and(|(name, value)| SETTINGS.contains(&name) && !value.is_empty())
            && setting.len() <= SETTING
            && setting.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":%.,-".contains(&byte))
    };
    Some(Times { start, end, settings: rest.filter(known).collect::<Vec<_>>().join(" ") })
}

/// `HH:MM:SS.mmm` in milliseconds; hours may be left out and milliseconds too, which SubRip has after a comma.
fn time(text: &str) -> Option<u64> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits =
        |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = clock.split(':').collect();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [minutes, seconds] => ("0", *minutes, *seconds),
        [hours, minutes, seconds] => (*hours, *minutes, *seconds),
        _ => return None,
    };
    if !digits(hours, 4) || !digits(minutes, 2) || !digits(seconds, 2) || !digits(fraction, 9) {
        return None;
    }
    let [hours, minutes, seconds]: [u64; 3] = [hours.parse().ok()?, minutes.parse().ok()?, seconds.parse().ok()?];
    let millis: u64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    let whole = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
    (minutes < 60 && seconds < 60 && whole <= LATEST).then_some(whole)
}
