//! A few seconds of a recording as a GIF, which moves wherever an image is shown.

use std::time::{Duration, Instant};

use super::command::{before_input, poster_at, push};
use super::tools::nothing;
use super::{FfmpegError, Input, Tools};
use crate::loopback::Loopback;

/// Bytes of the largest preview. Mail and chat programs fetch images of more late or not at all.
const MAX_PREVIEW: usize = 1_500_000;
/// Bytes that are taken before they are found too many: noise in the first try's size, which does not compress.
const MAX_TRIED: usize = 16 << 20;

/// How a preview is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Try {
    length: Duration,
    /// Frames a second.
    fps: u32,
    /// Pixels of the longer side.
    side: u32,
    colours: u32,
}

/// From the best down to the smallest.
const TRIES: [Try; 4] = [
    Try { length: Duration::from_secs(4), fps: 8, side: 480, colours: 48 },
    Try { length: Duration::from_secs(3), fps: 6, side: 360, colours: 32 },
    Try { length: Duration::from_secs(2), fps: 5, side: 320, colours: 24 },
    Try { length: Duration::from_millis(1500), fps: 4, side: 240, colours: 16 },
];

impl Try {
    /// Frames of a preview whose recording is long enough; they are all in memory at once.
    fn frames(&self) -> u128 {
        self.length.as_millis() * u128::from(self.fps) / 1000
    }
}

impl Tools {
    /// A GIF of a recording of this duration, from where its poster is taken: at most 4 seconds, 480 pixels on the longer
    /// side and 1.5 MB, without end. What moves too much for that is made shorter and smaller. A recorded screen may hold
    /// a single frame for all its length: then that is the preview.
    pub async fn preview(
        &self,
        loopback: &Loopback,
        input: Input<'_>,
        duration: Option<Duration>,
        deadline: Instant,
    ) -> Result<Vec<u8>, FfmpegError> {
        let mut at = poster_at(duration);
        for settings in TRIES {
            let mut made = self.moving(loopback, input, at, settings, deadline).await;
            if !at.is_zero() && !matches!(made, Ok(Some(_)) | Err(FfmpegError::TimedOut(_))) {
                at = Duration::ZERO;
                made = self.moving(loopback, input, at, settings, deadline).await;
            }
            let preview = made?.ok_or_else(nothing)?;
            if preview.len() <= MAX_PREVIEW {
                return Ok(preview);
            }
        }
        Err(FfmpegError::Useless { program: "ffmpeg".to_owned(), what: "its preview is too large" })
    }

    /// What is shown from `at` on, when there is anything.
    async fn moving(
        &self,
        loopback: &Loopback,
        input: Input<'_>,
        at: Duration,
        settings: Try,
        deadline: Instant,
    ) -> Result<Option<Vec<u8>>, FfmpegError> {
        self.written(loopback, MAX_TRIED, deadline, |output| preview(input, at, settings, output)).await
    }
}

/// ffmpeg's arguments that make a GIF of what is shown from `at` on.
///
/// The palette is of the colours that move, and comes after the last frame: what waits for it is in memory until then. An
/// FFmpeg built for this needs the filters fps, scale, setsar, split, palettegen and paletteuse.
fn preview(input: Input<'_>, at: Duration, settings: Try, output: &str) -> Vec<String> {
    let Try { length, fps, side, colours } = settings;
    let seconds = |time: Duration| format!("{}.{:03}", time.as_secs(), time.subsec_millis());
    let mut args = before_input(input.container);
    push(&mut args, &["-ss", &seconds(at), "-t", &seconds(length), "-i", input.url]);
    let fit = format!("min(1,{side}/max(iw*sar,ih))");
    let filters = format!(
        "fps={fps},scale=w='max(1,round({fit}*iw*sar))':h='max(1,round({fit}*ih))',setsar=1,split[shown][counted];\
         [counted]palettegen=max_colors={colours}:stats_mode=diff[palette];\
         [shown][palette]paletteuse=dither=bayer:bayer_scale=5:diff_mode=rectangle"
    );
    push(&mut args, &["-map", "0:V:0", "-frames:v", &settings.frames().to_string(), "-vf", &filters]);
    push(&mut args, &["-map_metadata", "-1", "-loop", "0", "-f", "gif", output]);
    args
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Container;

    #[test]
    fn a_preview_is_short_small_and_fenced() {
        let input = Input { url: "http://127.0.0.1:9/in", container: Container::Mp4 };
        let of = |settings| preview(input, Duration::from_millis(1007), settings, "http://127.0.0.1:9/out").join(" ");
        let command = of(TRIES[0]);
        for wanted in [
            "-protocol_whitelist http,tcp -recv_buffer_size 131072 -format_whitelist mov",
            " -ss 1.007 -t 4.000 -i http://127.0.0.1:9/in -map 0:V:0 -frames:v 32 -vf fps=8,",
            "min(1,480/max(iw*sar,ih))",
            "max_colors=48",
            "-loop 0 -f gif http://127.0.0.1:9/out",
        ] {
            assert!(command.contains(wanted), "{wanted} in {command}");
        }
        let smallest = of(TRIES[3]);
        assert!(smallest.contains(" -t 1.500 -i ") && smallest.contains("-frames:v 6 "), "{smallest}");
        let cost = |one: &Try| one.frames() * u128::from(one.side).pow(2);
        assert!(TRIES.windows(2).all(|pair| cost(&pair[1]) < cost(&pair[0])), "each is smaller than the one before");
    }
}
