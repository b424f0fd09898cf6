//! Captions: WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format") or SubRip come in, WebVTT of one shape is stored.
//!
//! The reader is our own, since an owner who uploads a file wants to know the line that is wrong.

mod read;
#[cfg(test)]
mod tests;
mod text;

use std::fmt::Write as _;

use serde::Serialize;

pub use text::plain;

/// Bytes of a file, and of what is stored of it: half a day of speech has less than one million.
pub const MAX_BYTES: usize = 2 << 20;
/// Captions of a recording.
pub const MAX_CUES: usize = 20_000;

/// What is said from one time to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// Milliseconds from the recording's beginning.
    pub start: u64,
    /// Milliseconds from the recording's beginning, more than `start`.
    pub end: u64,
    /// Where it stands in the picture, as WebVTT's cue settings; empty for the usual place.
    pub settings: String,
    /// The words as WebVTT's cue text: tags and escapes are in it, blank lines are not.
    pub text: String,
}

impl Cue {
    /// The words alone.
    #[must_use]
    pub fn plain(&self) -> String {
        plain(&self.text)
    }

    /// Who says it, if the file tells (WebVTT's voice span).
    #[must_use]
    pub fn speaker(&self) -> Option<String> {
        text::speaker(&self.text)
    }
}

/// All captions of a recording, by their beginnings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captions {
    cues: Vec<Cue>,
}

/// A caption as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Its place, counted from 0.
    pub index: usize,
    /// Milliseconds from the recording's beginning.
    pub start_ms: u64,
    /// Milliseconds from the recording's beginning.
    pub end_ms: u64,
    /// Who says it, if the file tells.
    pub speaker: Option<String>,
    /// The words without markup.
    pub text: String,
}

/// Other words for a caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which caption, counted from 0.
    pub index: usize,
    /// Its words without markup. None takes the caption away.
    pub text: String,
}

/// Why a file cannot be taken, in a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptionsError {
    /// More than is taken.
    #[error("These captions are too large: at most {} MiB are taken.", MAX_BYTES >> 20)]
    Large,
    /// More captions than are taken.
    #[error("There are too many captions: at most {MAX_CUES} are taken.")]
    Many,
    /// Nothing is said in it.
    #[error("There is no caption in this file. It must be WebVTT (.vtt) or SubRip (.srt).")]
    Empty,
    /// It is no UTF-8.
    #[error("Line {0} has characters that are not UTF-8. Save the file with the encoding UTF-8 and upload it again.")]
    Encoding(usize),
    /// Something else is where a caption's times should be.
    #[error(
        "Line {0} should have a caption's times, such as 00:00:01.000 --> 00:00:04.000. Blank lines stand between captions and not within."
    )]
    NoTimes(usize),
    /// Times that mean nothing.
    #[error("Line {0} has a time that cannot be read. Times look like 00:00:01.000 --> 00:00:04.000.")]
    Time(usize),
    /// A caption that goes backwards.
    #[error("The caption of line {0} ends before it begins.")]
    Backwards(usize),
    /// An edit of what is not there.
    #[error("There is no caption {0}. Captions are counted from 0.")]
    NoCue(usize),
}

impl Captions {
    /// Reads a file: WebVTT by its first line, SubRip otherwise.
    pub fn parse(bytes: &[u8]) -> Result<Self, CaptionsError> {
        let mut cues = read::cues(bytes)?;
        // WebVTT wants them in order; files of programs that join others are not.
        cues.sort_by_key(|cue| cue.start);
        Self { cues }.bounded()
    }

    /// The captions, by their beginnings. There is at least one.
    #[must_use]
    pub fn cues(&self) -> &[Cue] {
        &self.cues
    }

    /// The same with other words. A caption whose words are what they were keeps its markup.
    pub fn edited(&self, edits: &[Edit]) -> Result<Self, CaptionsError> {
        let mut cues: Vec<Option<Cue>> = self.cues.iter().cloned().map(Some).collect();
        for Edit { index, text } in edits {
            let found = cues.get_mut(*index).ok_or(CaptionsError::NoCue(*index))?;
            *found = found.take().and_then(|cue| text::reworded(&cue.text, text).map(|text| Cue { text, ..cue }));
        }
        Self { cues: cues.into_iter().flatten().collect() }.bounded()
    }

    fn bounded(self) -> Result<Self, CaptionsError> {
        match self.cues.len() {
            0 => Err(CaptionsError::Empty),
            count if count > MAX_CUES => Err(CaptionsError::Many),
            // Escapes take more room than what they stand for.
            _ if self.vtt().len() > MAX_BYTES => Err(CaptionsError::Large),
            _ => Ok(self),
        }
    }

    /// The captions as programs read them.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |(index, cue): (usize, &Cue)| Line {
            index,
            start_ms: cue.start,
            end_ms: cue.end,
            speaker: cue.speaker(),
            text: cue.plain(),
        };
        self.cues.iter().enumerate().map(line).collect()
    }

    /// As WebVTT, which [`parse`](Self::parse) reads as the same captions.
    #[must_use]
    pub fn vtt(&self) -> String {
        let mut vtt = String::from("WEBVTT\n");
        for cue in &self.cues {
            let space = if cue.settings.is_empty() { "" } else { " " };
            let (start, end) = (timestamp(cue.start, '.'), timestamp(cue.end, '.'));
            // Writing to a string does not fail.
            let _ = write!(vtt, "\n{start} --> {end}{space}{}\n{}\n", cue.settings, cue.text);
        }
        vtt
    }

    /// As SubRip, without markup.
    #[must_use]
    pub fn srt(&self) -> String {
        let mut srt = String::new();
        for (number, cue) in self.cues.iter().enumerate() {
            let (start, end) = (timestamp(cue.start, ','), timestamp(cue.end, ','));
            let _ = write!(srt, "{}\n{start} --> {end}\n{}\n\n", number + 1, cue.plain());
        }
        srt
    }

    /// The words alone, a line for each caption. Whoever speaks is named when it is somebody else than before.
    #[must_use]
    pub fn text(&self) -> String {
        let (mut text, mut before) = (String::new(), None);
        for cue in &self.cues {
            let speaker = cue.speaker();
            if let Some(name) = speaker.as_deref().filter(|_| speaker != before) {
                let _ = write!(text, "{name}: ");
            }
            let words = cue.plain();
            let _ = writeln!(text, "{}", words.split_whitespace().collect::<Vec<_>>().join(" "));
            before = speaker;
        }
        text
    }
}

/// Milliseconds as `HH:MM:SS.mmm`, with the mark that the format has before milliseconds.
fn timestamp(millis: u64, mark: char) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}{mark}{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
}
