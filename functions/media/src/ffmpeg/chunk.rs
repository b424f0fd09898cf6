//! Command lines for encoding a recording in chunks: the picture of each by itself, the sound once and whole.
//!
//! All times count from when the recording begins, as they do when it is encoded at once: the same frames are kept, at the
//! same times, with keyframes at the same places.

use std::time::Duration;

use super::Gaps;
use super::command::{before_input, encode_audio, encode_video, fragmented_output, push, without_metadata};
use crate::chunks::Chunk;
use crate::{AudioPlan, Container, Plan, VideoPlan};

/// What a run for a chunk or the sound reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timed<'a> {
    /// Its address.
    pub url: &'a str,
    /// [`crate::Probe::start`] of the whole recording, in microseconds.
    pub zero: i64,
    /// FFmpeg can seek in it: an MP4, a Matroska file with cues. Not so a file that was put together of a header and the
    /// clusters from the chunk's start on, which is read from its beginning.
    pub seekable: bool,
}

/// ffmpeg's arguments that encode the picture of one chunk into a fragmented MP4 at `output`; none when the plan keeps the
/// picture as it is.
///
/// In the output, time 0 is the chunk's start: a first frame that is shown later keeps its distance, by the file's edit
/// list. A chunk of a recorder's pause may hold no frame at all: then ffmpeg succeeds, and writes no track that plays.
pub(super) fn chunk(source: &Timed<'_>, plan: &Plan, chunk: &Chunk, output: &str) -> Vec<String> {
    let VideoPlan::Encode { width, height, trim } = plan.video else { return Vec::new() };
    let seek = (source.seekable && !chunk.start.is_zero()).then_some(chunk.start);
    let mut args = input(source, plan.container, seek);
    push(&mut args, &["-map", &format!("0:{}", plan.video_stream)]);
    encode_video(&mut args, width, height, trim, &part(chunk));
    without_metadata(&mut args);
    fragmented_output(&mut args);
    push(&mut args, &[output]);
    args
}

/// ffmpeg's arguments that bring the sound of the whole recording into a fragmented MP4 at `output`; none when there is
/// none.
pub(super) fn sound(source: &Timed<'_>, plan: &Plan, gaps: Gaps, output: &str) -> Vec<String> {
    let (AudioPlan::Copy { stream } | AudioPlan::Encode { stream, .. }) = plan.audio else { return Vec::new() };
    let mut args = input(source, plan.container, None);
    push(&mut args, &["-map", &format!("0:{stream}")]);
    match plan.audio {
        AudioPlan::Encode { channels, .. } => encode_audio(&mut args, channels, gaps),
        AudioPlan::Copy { .. } | AudioPlan::None => push(&mut args, &["-c:a", "copy"]),
    }
    without_metadata(&mut args);
    fragmented_output(&mut args);
    push(&mut args, &[output]);
    args
}

/// The input in the recording's own times: those of the file, less its start as the whole file tells it. What FFmpeg would
/// subtract by itself is the start of what it is given.
pub(super) fn input(source: &Timed<'_>, container: Container, seek: Option<Duration>) -> Vec<String> {
    let mut args = before_input(container);
    push(&mut args, &["-copyts", "-itsoffset", &seconds(-i128::from(source.zero))]);
    if let Some(start) = seek {
        // To the keyframe before; what precedes the start is decoded and goes through the same filters as without a seek.
        let start = i128::try_from(start.as_micros()).unwrap_or(i128::MAX).saturating_add(source.zero.into());
        push(&mut args, &["-noaccurate_seek", "-seek_timestamp", "1", "-ss", &seconds(start)]);
    }
    push(&mut args, &["-i", source.url]);
    args
}

/// The filters that let a chunk's frames through and count their times from its start. The first chunk has whatever
/// precedes the beginning as well.
pub(super) fn part(chunk: &Chunk) -> String {
    let at = |time: Duration| format!("{}.{:03}", time.as_secs(), time.subsec_millis());
    let (start, end) = ((!chunk.start.is_zero()).then(|| at(chunk.start)), chunk.end.map(at));
    let bounds = [start.as_ref().map(|start| format!("start={start}")), end.map(|end| format!("end={end}"))];
    let bounds: Vec<String> = bounds.into_iter().flatten().collect();
    let mut filters = String::new();
    if !bounds.is_empty() {
        filters.push_str(&format!("trim={},", bounds.join(":")));
    }
    if let Some(start) = start {
        // Rounded, since the filter cuts off what a division leaves behind the point.
        filters.push_str(&format!("setpts='round(PTS-{start}/TB)',"));
    }
    filters
}

/// Microseconds as FFmpeg reads times.
fn seconds(micros: i128) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        container: Container::Matroska,
        video_stream: 2,
        video: VideoPlan::Encode { width: 1920, height: 1080, trim: false },
        audio: AudioPlan::Encode { stream: 1, channels: 2 },
    };

    fn command(start: u64, end: Option<u64>, zero: i64, seekable: bool) -> String {
        let source = Timed { url: "http://127.0.0.1:5/x", zero, seekable };
        let part = Chunk { start: Duration::from_secs(start), end: end.map(Duration::from_secs) };
        chunk(&source, &PLAN, &part, "http://127.0.0.1:5/y").join(" ")
    }

    #[test]
    fn only_a_middle_chunk_of_a_file_with_an_index_seeks() {
        let middle = command(60, Some(90), -7_000, true);
        for wanted in [
            "-protocol_whitelist http,tcp -recv_buffer_size 131072 -format_whitelist matroska ",
            "-copyts -itsoffset 0.007000 -noaccurate_seek -seek_timestamp 1 -ss 59.993000 -i http://127.0.0.1:5/x -map 0:2 ",
            "',trim=start=60.000:end=90.000,setpts='round(PTS-60.000/TB)',scale=",
            "-level:v 4.2",
        ] {
            assert!(middle.contains(wanted), "{wanted} in {middle}");
        }
        assert!(middle.ends_with("-f mp4 http://127.0.0.1:5/y"), "{middle}");
        assert!(!command(60, Some(90), 0, false).contains("-ss"));
        let first = command(0, Some(30), 1_500_000, true);
        assert!(first.contains("-itsoffset -1.500000 -i ") && first.contains("',trim=end=30.000,scale="), "{first}");
        assert!(command(60, None, 0, true).contains("trim=start=60.000,setpts"));
        assert!(!command(0, None, 0, true).contains("trim="));
    }

    #[test]
    fn sound_is_mapped_alone() {
        let source = Timed { url: "http://127.0.0.1:5/a", zero: 0, seekable: true };
        let run = |audio| sound(&source, &Plan { audio, ..PLAN }, Gaps::Fill, "http://127.0.0.1:5/b");
        let encoded = run(PLAN.audio).join(" ");
        assert!(encoded.contains("-map 0:1 -c:a aac"), "{encoded}");
        assert!(!encoded.contains("libx264") && !encoded.contains("-ss"), "{encoded}");
        assert!(run(AudioPlan::Copy { stream: 3 }).join(" ").contains("-map 0:3 -c:a copy"));
        assert!(run(AudioPlan::None).is_empty());
        let copied = Plan { video: VideoPlan::Copy { level: None }, ..PLAN };
        let whole = Chunk { start: Duration::ZERO, end: None };
        assert!(chunk(&source, &copied, &whole, "http://127.0.0.1:5/b").is_empty());
    }
}
