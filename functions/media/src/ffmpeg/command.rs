//! Command lines for ffmpeg and ffprobe. Pure: what is asked for is visible in tests. Paths are absolute, since the
//! programs run in a directory of their own.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::{AudioPlan, Plan, VideoPlan};

/// Where a poster is taken when the recording is long enough.
const POSTER_AT: Duration = Duration::from_secs(1);
/// So far before the end there is still a frame at any usual rate.
const BEFORE_END: Duration = Duration::from_millis(100);
/// [`crate::Limits::max_pixels`] and [`crate::Limits::max_tracks`] again, for what the file's headers hide from us.
const MAX_PIXELS: &str = "67108864";
const MAX_STREAMS: &str = "64";

/// What becomes of the gaps in a sound that is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// They are filled with silence. FFmpeg holds all of a gap in memory: 0.6 MB a second for a stereo sound.
    Fill,
    /// They stay gaps, which only the times of the packets tell.
    Keep,
}

/// ffmpeg's arguments that turn `input` into an MP4 that plays while it loads.
#[must_use]
pub fn publish(input: &Path, plan: &Plan, gaps: Gaps, output: &Path) -> Vec<OsString> {
    let mut args = before_input(plan.demuxer);
    push(&mut args, &["-i"]);
    args.push(file(input));
    push(&mut args, &["-map", &format!("0:{}", plan.video_stream)]);
    if let AudioPlan::Copy { stream } | AudioPlan::Encode { stream, .. } = plan.audio {
        push(&mut args, &["-map", &format!("0:{stream}")]);
    }
    match plan.video {
        VideoPlan::Copy => push(&mut args, &["-c:v", "copy"]),
        VideoPlan::Encode { width, height, trim } => encode_video(&mut args, width, height, trim),
    }
    match plan.audio {
        AudioPlan::None => {}
        AudioPlan::Copy { .. } => push(&mut args, &["-c:a", "copy"]),
        AudioPlan::Encode { channels, .. } => {
            push(&mut args, &["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", &channels.to_string()]);
            // Recorders leave gaps in the sound when a tab sleeps; without filling them it runs ahead of the picture.
            if gaps == Gaps::Fill {
                push(&mut args, &["-af", "aresample=async=1"]);
            }
        }
    }
    // Titles, places, device names and chapters are the recorder's business, not the viewer's.
    push(&mut args, &["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"]);
    // A sound track that begins late must not fail the run.
    push(&mut args, &["-max_muxing_queue_size", "4096"]);
    push(&mut args, &["-movflags", "+faststart", "-f", "mp4"]);
    args.push(file(output));
    args
}

fn encode_video(args: &mut Vec<OsString>, width: u32, height: u32, trim: bool) {
    push(args, &["-vf", &filters(width, height, trim)]);
    push(args, &["-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]);
    // Frames keep their times: a recorded screen stands still for seconds and then moves at 60 fps. The clock of the
    // encoder is fine for that, while the rate it plans with stays one that phones decode.
    push(args, &["-fps_mode", "vfr", "-enc_time_base", "1:90000", "-x264-params", "fps=60"]);
    // A seek lands on a keyframe, and a stream is cut at one: two seconds keep both quick for little size. By time, since
    // a count of frames means nothing at a variable rate.
    push(args, &["-force_key_frames", "expr:gte(t,n_forced*2)"]);
}

/// Brings every frame to the planned size. Browsers' recorders change the size in the middle when a window is resized:
/// frames of another shape keep it, within black. An FFmpeg built for this needs the filters select, crop, scale, pad,
/// setsar, format and aresample.
fn filters(width: u32, height: u32, trim: bool) -> String {
    let (w, h) = (width, height);
    let trim = if trim { "crop=floor(iw/2)*2:floor(ih/2)*2:0:0," } else { "" };
    let same_shape = format!("lt(abs(dar*{h}/{w}-1),0.02)+lte(min(iw,ih),2)");
    format!(
        "select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.0155)',{trim}\
         scale=w='if({same_shape},{w},2*max(1,floor(min({w},{h}*dar)/2)))'\
         :h='if({same_shape},{h},2*max(1,floor(min({h},{w}/dar)/2)))',\
         pad={w}:{h}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    )
}

/// When to take the poster of a recording of this length: after a second, or a little before the end.
#[must_use]
pub fn poster_at(duration: Option<Duration>) -> Duration {
    duration.map_or(Duration::ZERO, |duration| duration.saturating_sub(BEFORE_END).min(POSTER_AT))
}

/// ffmpeg's arguments that take the first frame at or after `at` as a JPEG of at most 1280×720, upright.
///
/// When there is no such frame ffmpeg succeeds without writing one.
#[must_use]
pub fn poster(input: &Path, demuxer: &str, at: Duration, output: &Path) -> Vec<OsString> {
    let mut args = before_input(demuxer);
    push(&mut args, &["-ss", &format!("{}.{:03}", at.as_secs(), at.subsec_millis()), "-i"]);
    args.push(file(input));
    let fit = "min(1,min(1280/(iw*sar),720/ih))";
    let scale = format!("scale=w='max(1,round({fit}*iw*sar))':h='max(1,round({fit}*ih))',format=yuvj420p");
    push(&mut args, &["-map", "0:V:0", "-frames:v", "1", "-vf", &scale]);
    push(&mut args, &["-c:v", "mjpeg", "-q:v", "3", "-map_metadata", "-1", "-f", "image2", "-update", "1"]);
    args.push(file(output));
    args
}

/// ffprobe's arguments that describe `input` as JSON, for [`crate::Probe::parse`].
#[must_use]
pub fn probe(input: &Path, demuxer: &str) -> Vec<OsString> {
    let mut args = Vec::new();
    push(&mut args, &["-hide_banner", "-loglevel", "error"]);
    push(&mut args, &fence(demuxer));
    push(&mut args, &["-print_format", "json=compact=1", "-show_entries"]);
    push(
        &mut args,
        &["format=duration:stream=index,codec_type,codec_name,profile,level,pix_fmt,field_order,width,height,\
           sample_aspect_ratio,avg_frame_rate,duration,channels:stream_disposition=attached_pic:\
           stream_side_data=rotation:stream_tags="],
    );
    args.push("-i".into());
    args.push(file(input));
    args
}

fn before_input(demuxer: &str) -> Vec<OsString> {
    let mut args = Vec::new();
    push(&mut args, &["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
    push(&mut args, &fence(demuxer));
    args
}

/// What keeps a hostile file from being a playlist, from naming other files and from asking for gigabytes.
fn fence(demuxer: &str) -> [&str; 10] {
    [
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        demuxer,
        "-max_streams",
        MAX_STREAMS,
        "-max_pixels",
        MAX_PIXELS,
        "-f",
        demuxer,
    ]
}

fn push(args: &mut Vec<OsString>, more: &[&str]) {
    args.extend(more.iter().map(OsString::from));
}

/// A path that cannot be taken for an option or for another protocol.
fn file(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(args: &[OsString]) -> String {
        args.iter().map(|arg| arg.to_str().expect("text")).collect::<Vec<_>>().join(" ")
    }

    fn published(video: VideoPlan, audio: AudioPlan) -> String {
        let plan = Plan { demuxer: "matroska", video_stream: 0, video, audio };
        text(&publish(Path::new("/job/-source %d.webm"), &plan, Gaps::Fill, Path::new("/job/out.mp4")))
    }

    #[test]
    fn every_command_is_fenced_before_its_input() {
        let input = Path::new("/job/source");
        let all = [
            published(VideoPlan::Copy, AudioPlan::None),
            text(&poster(input, "matroska", Duration::ZERO, Path::new("/job/poster.jpg"))),
            text(&probe(input, "matroska")),
        ];
        for command in all {
            let (before, _) = command.split_once(" -i file:/job/").expect("an input");
            for wanted in
                ["-protocol_whitelist file", "-format_whitelist matroska", "-f matroska", "-max_pixels", "-max_streams"]
            {
                assert!(before.contains(wanted), "{wanted} in {before}");
            }
        }
    }

    #[test]
    fn copies_and_encodes_as_planned() {
        let copy = published(VideoPlan::Copy, AudioPlan::Copy { stream: 3 });
        assert!(copy.contains("-map 0:0 -map 0:3 -c:v copy -c:a copy"), "{copy}");
        assert!(!copy.contains("libx264") && !copy.contains("-vf"), "{copy}");
        assert!(copy.ends_with("-movflags +faststart -f mp4 file:/job/out.mp4"), "{copy}");
        let encode = VideoPlan::Encode { width: 640, height: 358, trim: true };
        let encode = published(encode, AudioPlan::Encode { stream: 1, channels: 1 });
        for wanted in [
            "-c:v libx264 -profile:v high -preset veryfast -crf 23 -pix_fmt yuv420p",
            "crop=floor(iw/2)*2",
            "pad=640:358",
            "-force_key_frames expr:gte(t,n_forced*2)",
            "-c:a aac -b:a 128k -ar 48000 -ac 1 -af aresample=async=1",
            "-map_metadata -1",
        ] {
            assert!(encode.contains(wanted), "{wanted} in {encode}");
        }
        let silent = published(VideoPlan::Encode { width: 2, height: 2, trim: false }, AudioPlan::None);
        assert!(!silent.contains("-c:a") && !silent.contains("crop"), "{silent}");
    }

    #[test]
    fn the_poster_lies_within_the_recording() {
        let at = |millis: u64| poster_at(Some(Duration::from_millis(millis))).as_millis();
        assert_eq!((at(60_000), at(1_100), at(600), at(50), at(0)), (1000, 1000, 500, 0, 0));
        assert_eq!(poster_at(None), Duration::ZERO);
        let command = text(&poster(Path::new("/a"), "mov", Duration::from_millis(1007), Path::new("/b")));
        assert!(command.contains("-ss 1.007 -i file:/a"), "{command}");
    }
}
