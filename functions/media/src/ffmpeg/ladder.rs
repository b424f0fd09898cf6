//! Command lines for renditions of a published video: all sizes from one decode, and what was published as it is. Each
//! output is one track in fragments that begin with a keyframe wherever there is one, for [`crate::mp4::Cmaf`].

use super::chunk::{Timed, input, part};
use super::command::{encoder, fragmented_output, push, without_metadata};
use crate::Container;
use crate::chunks::Chunk;
use crate::ladder::{FrameRate, Rung};

/// ffmpeg's arguments that encode a chunk of the picture at the sizes of all `rungs`, each to its output.
///
/// In the outputs, time 0 is the chunk's start, and the frames come at a constant rate from there on: where the picture
/// stands still, one is repeated, so that no chunk begins or ends with a hole.
pub(super) fn renditions(url: &str, rungs: &[Rung], rate: FrameRate, chunk: &Chunk, outputs: &[String]) -> Vec<String> {
    let seek = (!chunk.start.is_zero()).then_some(chunk.start);
    let mut args = input(&published(url), Container::Mp4, seek);
    push(&mut args, &["-filter_complex", &filters(rungs, rate, chunk)]);
    for (number, (rung, output)) in rungs.iter().zip(outputs).enumerate() {
        push(&mut args, &["-map", &format!("[r{number}]")]);
        encoder(&mut args, rung.width, rung.height);
        // What a player on a small connection can count on.
        let most = rung.bits_a_second();
        push(&mut args, &["-maxrate", &most.to_string(), "-bufsize", &(2 * most).to_string()]);
        fragments(&mut args, output);
    }
    args
}

/// ffmpeg's arguments that copy the picture as it is to the first output, and the sound, if there is any, to the second.
pub(super) fn copies(url: &str, outputs: &[String]) -> Vec<String> {
    let mut args = input(&published(url), Container::Mp4, None);
    for (track, output) in ["0:V:0", "0:a:0"].iter().zip(outputs) {
        push(&mut args, &["-map", track, "-c", "copy"]);
        fragments(&mut args, output);
    }
    args
}

/// What is published begins at 0.
fn published(url: &str) -> Timed<'_> {
    Timed { url, zero: 0, seekable: true }
}

fn fragments(args: &mut Vec<String>, output: &str) {
    without_metadata(args);
    fragmented_output(args);
    push(args, &["-movflags", "+frag_keyframe", output]);
}

/// The frame rate comes first, so that a chunk that begins while nothing moves is given the picture before it.
fn filters(rungs: &[Rung], rate: FrameRate, chunk: &Chunk) -> String {
    let FrameRate { frames, seconds } = rate;
    let from = if chunk.start.is_zero() { ":start_time=0" } else { "" };
    let branches: String = (0..rungs.len()).map(|number| format!("[s{number}]")).collect();
    // Times in ticks of a clock in which a chunk's start is a whole number, whatever the rate.
    let mut graph = format!(
        "[0:V:0]fps={frames}/{seconds}{from},settb=1/90000,{part}split={count}{branches}",
        part = part(chunk),
        count = rungs.len()
    );
    for (number, Rung { width, height }) in rungs.iter().enumerate() {
        graph.push_str(&format!(";[s{number}]scale={width}:{height}:out_range=tv,setsar=1,format=yuv420p[r{number}]"));
    }
    graph
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RUNGS: [Rung; 2] = [Rung { width: 1280, height: 720 }, Rung { width: 640, height: 360 }];
    const RATE: FrameRate = FrameRate { frames: 30_000, seconds: 1001 };

    fn outputs() -> Vec<String> {
        vec!["http://127.0.0.1:5/a".into(), "http://127.0.0.1:5/b".into()]
    }

    fn command(start: u64, end: Option<u64>) -> String {
        let chunk = Chunk { start: Duration::from_secs(start), end: end.map(Duration::from_secs) };
        renditions("http://127.0.0.1:5/x", &RUNGS, RATE, &chunk, &outputs()).join(" ")
    }

    #[test]
    fn one_decode_serves_all_sizes() {
        let all = command(0, None);
        assert_eq!(all.matches("-i http://").count(), 1);
        for wanted in [
            "-protocol_whitelist http,tcp -recv_buffer_size 131072 -format_whitelist mov",
            "[0:V:0]fps=30000/1001:start_time=0,settb=1/90000,split=2[s0][s1];[s0]scale=1280:720:out_range=tv,",
            "-map [r0] -c:v libx264",
            "-maxrate 2764800 -bufsize 5529600",
            "-movflags +frag_keyframe http://127.0.0.1:5/a -map [r1]",
        ] {
            assert!(all.contains(wanted), "{wanted} in {all}");
        }
        assert!(all.ends_with("http://127.0.0.1:5/b") && !all.contains("-ss") && !all.contains("trim="), "{all}");
    }

    #[test]
    fn a_chunk_is_cut_after_its_frames_are_at_their_rate() {
        let middle = command(60, Some(90));
        for wanted in [
            "-ss 60.000000 -i ",
            "fps=30000/1001,settb=1/90000,trim=start=60.000:end=90.000,setpts='round(PTS-60.000/TB)',split=2",
        ] {
            assert!(middle.contains(wanted), "{wanted} in {middle}");
        }
    }

    #[test]
    fn copies_encode_nothing() {
        let both = copies("http://127.0.0.1:5/x", &outputs()).join(" ");
        assert!(both.contains("-map 0:V:0 -c copy") && both.contains("-map 0:a:0 -c copy"), "{both}");
        assert!(!both.contains("libx264"), "{both}");
        let silent = copies("http://127.0.0.1:5/x", &outputs()[..1]).join(" ");
        assert!(!silent.contains("0:a"), "{silent}");
    }
}
