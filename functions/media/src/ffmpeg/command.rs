//! Command lines for ffmpeg and ffprobe. Pure: what is asked for is visible in tests. What is read and written are
//! addresses of a [`crate::loopback::Loopback`]; no command names a file.

use std::time::Duration;

use crate::{AudioPlan, Container, Plan, VideoPlan};

/// Where a poster is taken when the recording is long enough.
const POSTER_AT: Duration = Duration::from_secs(1);
/// So far before the end there is still a frame at any usual rate.
const BEFORE_END: Duration = Duration::from_millis(100);
/// [`crate::Limits::max_pixels`] and [`crate::Limits::max_tracks`] again, for what the file's headers hide from us.
const MAX_PIXELS: &str = "67108864";
const MAX_STREAMS: &str = "64";
/// Bytes of a recording that wait for FFmpeg to read them. By itself the system lets megabytes pile up, which have been
/// fetched for nothing when FFmpeg hangs up.
const RECEIVE_BUFFER: &str = "131072";

/// What is read, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// Its address.
    pub url: &'a str,
    /// By what its bytes are.
    pub container: Container,
}

/// What becomes of the gaps in a sound that is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// They are filled with silence. FFmpeg holds all of a gap in memory: 0.6 MB a second for a stereo sound.
    Fill,
    /// They stay gaps, which only the times of the packets tell.
    Keep,
}

/// ffmpeg's arguments that turn `input` into H.264 and AAC in a fragmented MP4, which is written as it is made.
pub(super) fn publish(input: Input<'_>, plan: &Plan, gaps: Gaps, output: &str) -> Vec<String> {
    let mut args = before_input(input.container);
    push(&mut args, &["-i", input.url]);
    push(&mut args, &["-map", &format!("0:{}", plan.video_stream)]);
    if let AudioPlan::Copy { stream } | AudioPlan::Encode { stream, .. } = plan.audio {
        push(&mut args, &["-map", &format!("0:{stream}")]);
    }
    match plan.video {
        VideoPlan::Copy { level } => {
            push(&mut args, &["-c:v", "copy"]);
            if let Some(level) = level {
                push(&mut args, &["-bsf:v", &format!("h264_metadata=level={level}")]);
            }
        }
        VideoPlan::Encode { width, height, trim } => encode_video(&mut args, width, height, trim, ""),
    }
    match plan.audio {
        AudioPlan::None => {}
        AudioPlan::Copy { .. } => push(&mut args, &["-c:a", "copy"]),
        AudioPlan::Encode { channels, .. } => encode_audio(&mut args, channels, gaps),
    }
    without_metadata(&mut args);
    // A sound track that begins late must not fail the run.
    push(&mut args, &["-max_muxing_queue_size", "4096"]);
    fragmented_output(&mut args);
    push(&mut args, &[output]);
    args
}

/// Has ffmpeg write the kind of MP4 that [`crate::mp4::FragmentReader`] takes, to an output that cannot be sought. The
/// output's address follows these arguments.
///
/// The index is delayed until every track has begun (`delay_moov`), since only then ffmpeg knows the edit lists that
/// account for B-frames, the priming of AAC and sound that begins late. ffmpeg holds what comes before in memory. The
/// movie's clock is as fine as the pictures', so that beginnings are not rounded to milliseconds. Sound is AAC or none: it
/// may be framed as in a transport stream, which ffmpeg notices by itself only when it does not write fragments.
pub fn fragmented_output(args: &mut Vec<String>) {
    push(args, &["-bsf:a", "aac_adtstoasc"]);
    push(args, &["-movflags", "+empty_moov+default_base_moof+delay_moov", "-frag_duration", "1000000"]);
    push(args, &["-movie_timescale", "90000", "-f", "mp4"]);
}

/// Titles, places, device names and chapters are the recorder's business, not the viewer's.
pub(super) fn without_metadata(args: &mut Vec<String>) {
    push(args, &["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"]);
}

pub(super) fn encode_audio(args: &mut Vec<String>, channels: u16, gaps: Gaps) {
    push(args, &["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", &channels.to_string()]);
    // Recorders leave gaps in the sound when a tab sleeps; without filling them it runs ahead of the picture.
    if gaps == Gaps::Fill {
        push(args, &["-af", "aresample=async=1"]);
    }
}

/// Encodes the picture. `part` are filters, each with a comma behind it, that let a part of the frames through.
pub(super) fn encode_video(args: &mut Vec<String>, width: u32, height: u32, trim: bool, part: &str) {
    push(args, &["-vf", &filters(width, height, trim, part)]);
    encoder(args, width, height);
}

/// Encodes a picture of this size to what every browser and phone plays.
pub(super) fn encoder(args: &mut Vec<String>, width: u32, height: u32) {
    push(args, &["-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"]);
    // By the size alone: what x264 would choose by the frame rate it is told differs from chunk to chunk of a recording.
    push(args, &["-level:v", level(width, height)]);
    // Frames keep their times: a recorded screen stands still for seconds and then moves at 60 fps. The clock of the
    // encoder is fine for that, while the rate it plans with stays one that phones decode.
    push(args, &["-fps_mode", "vfr", "-enc_time_base", "1:90000", "-x264-params", "fps=60"]);
    // A seek lands on a keyframe, and a stream is cut at one: two seconds keep both quick for little size. By time, since
    // a count of frames means nothing at a variable rate: the first frame of each two seconds since the very first,
    // however long the picture stood still before.
    push(args, &["-force_key_frames", "expr:isnan(prev_forced_t)+gt(floor(t/2+1e-6),floor(prev_forced_t/2+1e-6))"]);
}

/// The lowest level of usual ones that holds 60 frames a second of this size (ITU-T H.264 table A-1). No plan is larger
/// than the last one's.
fn level(width: u32, height: u32) -> &'static str {
    match u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16)) * 60 {
        0..=108_000 => "3.1",
        108_001..=216_000 => "3.2",
        _ => "4.2",
    }
}

/// Brings every frame to the planned size. Browsers' recorders change the size in the middle when a window is resized:
/// frames of another shape keep it, within black. Cameras and old recorders use the full range of values, which players
/// show too dark or too bright. An FFmpeg built for this needs the filters select, trim, setpts, crop,
/// scale, pad, setsar, format and aresample.
fn filters(width: u32, height: u32, trim: bool, part: &str) -> String {
    let (w, h) = (width, height);
    let trim = if trim { "crop=floor(iw/2)*2:floor(ih/2)*2:0:0," } else { "" };
    let same_shape = format!("lt(abs(dar*{h}/{w}-1),0.02)+lte(min(iw,ih),2)");
    format!(
        "select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.0155)',{part}{trim}\
         scale=w='if({same_shape},{w},2*max(1,floor(min({w},{h}*dar)/2)))'\
         :h='if({same_shape},{h},2*max(1,floor(min({h},{w}/dar)/2)))':out_range=tv,\
         pad={w}:{h}:(ow-iw)/2:(oh-ih)/2,setsar=1,format=yuv420p"
    )
}

/// When to take the poster of a recording of this length: after a second, or a little before the end.
pub(super) fn poster_at(duration: Option<Duration>) -> Duration {
    duration.map_or(Duration::ZERO, |duration| duration.saturating_sub(BEFORE_END).min(POSTER_AT))
}

/// ffmpeg's arguments that take the first frame at or after `at` as a JPEG of at most 1280×720, upright.
///
/// When there is no such frame ffmpeg succeeds without writing one.
pub(super) fn poster(input: Input<'_>, at: Duration, output: &str) -> Vec<String> {
    let mut args = before_input(input.container);
    push(&mut args, &["-ss", &format!("{}.{:03}", at.as_secs(), at.subsec_millis()), "-i", input.url]);
    let fit = "min(1,min(1280/(iw*sar),720/ih))";
    let scale = format!("scale=w='max(1,round({fit}*iw*sar))':h='max(1,round({fit}*ih))',format=yuvj420p");
    push(&mut args, &["-map", "0:V:0", "-frames:v", "1", "-vf", &scale]);
    push(&mut args, &["-c:v", "mjpeg", "-q:v", "3", "-map_metadata", "-1", "-f", "image2pipe", output]);
    args
}

/// ffprobe's arguments that describe `input` as JSON, for [`crate::Probe::parse`].
pub(super) fn probe(input: Input<'_>) -> Vec<String> {
    let mut args = Vec::new();
    push(&mut args, &["-hide_banner", "-loglevel", "error"]);
    push(&mut args, &fence(input.container));
    push(&mut args, &["-print_format", "json=compact=1", "-show_entries"]);
    push(
        &mut args,
        &[
            "format=duration,start_time:stream=index,codec_type,codec_name,profile,level,pix_fmt,field_order,width,height,\
           sample_aspect_ratio,avg_frame_rate,duration,channels:stream_disposition=attached_pic:\
           stream_side_data=rotation:stream_tags=",
        ],
    );
    push(&mut args, &["-i", input.url]);
    args
}

pub(super) fn before_input(container: Container) -> Vec<String> {
    let mut args = Vec::new();
    push(&mut args, &["-nostdin", "-hide_banner", "-loglevel", "error"]);
    push(&mut args, &fence(container));
    args
}

/// What keeps a hostile file from being a playlist, from naming other files and from asking for gigabytes.
fn fence(container: Container) -> [&'static str; 12] {
    // Forced, so that FFmpeg does not guess one; what can be no recording gets none that there is.
    let demuxer = container.demuxer().unwrap_or("none");
    [
        "-protocol_whitelist",
        "http,tcp",
        "-recv_buffer_size",
        RECEIVE_BUFFER,
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

pub(super) fn push(args: &mut Vec<String>, more: &[&str]) {
    args.extend(more.iter().map(|arg| (*arg).to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Input<'_> = Input { url: "http://127.0.0.1:9/in", container: Container::Matroska };
    const OUTPUT: &str = "http://127.0.0.1:9/out";

    fn published(video: VideoPlan, audio: AudioPlan) -> String {
        let plan = Plan { container: Container::Matroska, video_stream: 0, video, audio };
        publish(INPUT, &plan, Gaps::Fill, OUTPUT).join(" ")
    }

    #[test]
    fn every_command_is_fenced_before_its_input() {
        let all = [
            published(VideoPlan::Copy { level: None }, AudioPlan::None),
            poster(INPUT, Duration::ZERO, OUTPUT).join(" "),
            probe(INPUT).join(" "),
        ];
        for command in all {
            let (before, _) = command.split_once(" -i http://127.0.0.1:9/in").expect("an input");
            for wanted in [
                "-protocol_whitelist http,tcp ",
                "-recv_buffer_size ",
                "-format_whitelist matroska",
                "-f matroska",
                "-max_pixels",
                "-max_streams",
            ] {
                assert!(before.contains(wanted), "{wanted} in {before}");
            }
        }
    }

    #[test]
    fn copies_and_encodes_as_planned() {
        let copy = published(VideoPlan::Copy { level: None }, AudioPlan::Copy { stream: 3 });
        assert!(copy.contains("-map 0:0 -map 0:3 -c:v copy -c:a copy"), "{copy}");
        let mended = published(VideoPlan::Copy { level: Some(42) }, AudioPlan::None);
        assert!(mended.contains("-c:v copy -bsf:v h264_metadata=level=42 "), "{mended}");
        assert!(!copy.contains("-bsf:v") && !copy.contains("libx264") && !copy.contains("-vf"), "{copy}");
        assert!(copy.ends_with(&format!("-f mp4 {OUTPUT}")), "{copy}");
        let encode = VideoPlan::Encode { width: 640, height: 358, trim: true };
        let encode = published(encode, AudioPlan::Encode { stream: 1, channels: 1 });
        for wanted in [
            "-c:v libx264 -profile:v high -preset veryfast -crf 23 -pix_fmt yuv420p",
            "crop=floor(iw/2)*2",
            "pad=640:358",
            "-force_key_frames expr:isnan(prev_forced_t)+gt(floor(t/2",
            "-level:v 3.1",
            "-c:a aac -b:a 128k -ar 48000 -ac 1 -af aresample=async=1",
            "-map_metadata -1",
        ] {
            assert!(encode.contains(wanted), "{wanted} in {encode}");
        }
        let silent = published(VideoPlan::Encode { width: 2, height: 2, trim: false }, AudioPlan::None);
        assert!(!silent.contains("-c:a") && !silent.contains("crop"), "{silent}");
    }

    #[test]
    fn fragments_are_asked_for_with_exact_beginnings() {
        let mut args = vec!["before".into()];
        fragmented_output(&mut args);
        let args = args.join(" ");
        assert!(args.starts_with("before ") && args.ends_with(" -f mp4"), "{args}");
        let wanted = ["-bsf:a aac_adtstoasc", "+empty_moov+default_base_moof+delay_moov", "-movie_timescale 90000"];
        for wanted in wanted {
            assert!(args.contains(wanted), "{wanted} in {args}");
        }
    }

    #[test]
    fn the_poster_lies_within_the_recording() {
        let at = |millis: u64| poster_at(Some(Duration::from_millis(millis))).as_millis();
        assert_eq!((at(60_000), at(1_100), at(600), at(50), at(0)), (1000, 1000, 500, 0, 0));
        assert_eq!(poster_at(None), Duration::ZERO);
        let command = poster(INPUT, Duration::from_millis(1007), OUTPUT).join(" ");
        assert!(command.contains("-ss 1.007 -i http://"), "{command}");
    }
}
