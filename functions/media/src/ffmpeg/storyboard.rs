//! The image of a storyboard.

use std::sync::Arc;
use std::time::Instant;

use super::command::{before_input, push};
use super::tools::{io, nothing};
use super::{FfmpegError, Input, Tools};
use crate::Container;
use crate::loopback::{Loopback, Source, View};
use crate::mp4::Index;
use crate::storyboard::Storyboard;

/// Bytes of the largest image: 1600×1600 pixels of noise are a quarter of it.
const MAX_IMAGE: usize = 8 << 20;

impl Tools {
    /// The image of a storyboard, a JPEG of [`Storyboard::size`]. `source` is a published MP4 and `index` its index.
    ///
    /// From keyframes alone where those are close enough together. Else, and when FFmpeg makes no picture of them, the
    /// recording is decoded from end to end. What a run gives is worth nothing once [`Source::failure`] says that a range
    /// could not be read.
    pub async fn storyboard(
        &self,
        loopback: &Loopback,
        source: &Arc<Source>,
        index: &Index,
        plan: &Storyboard,
        deadline: Instant,
    ) -> Result<Vec<u8>, FfmpegError> {
        if let Some(stills) = plan.stills(index) {
            match self.sprite(loopback, source, stills.view(), plan, deadline).await {
                Ok(Some(image)) => return Ok(image),
                Err(FfmpegError::TimedOut(program)) => return Err(FfmpegError::TimedOut(program)),
                Ok(None) | Err(_) => {}
            }
        }
        self.sprite(loopback, source, View::whole(source), plan, deadline).await?.ok_or_else(nothing)
    }

    async fn sprite(
        &self,
        loopback: &Loopback,
        source: &Arc<Source>,
        view: View,
        plan: &Storyboard,
        deadline: Instant,
    ) -> Result<Option<Vec<u8>>, FfmpegError> {
        let url = loopback.read(source, view).map_err(io)?;
        let input = Input { url: &url, container: Container::Mp4 };
        let image = self.written(loopback, MAX_IMAGE, deadline, |output| sprite(input, plan, output)).await;
        loopback.close(&url);
        image
    }
}

/// ffmpeg's arguments that put one picture of each interval into an image.
fn sprite(input: Input<'_>, plan: &Storyboard, output: &str) -> Vec<String> {
    let mut args = before_input(input.container);
    // No other picture is made of these: what they lack in smoothness is not seen at this size.
    push(&mut args, &["-skip_loop_filter", "noref", "-i", input.url]);
    push(&mut args, &["-map", "0:V:0", "-frames:v", "1", "-vf", &filters(plan)]);
    push(&mut args, &["-c:v", "mjpeg", "-q:v", "5", "-map_metadata", "-1", "-f", "image2pipe", output]);
    args
}

/// Lets through what is shown in the middle of each interval: the last frame until then, the first one if it comes late.
///
/// The picture may end long before the sound. Frames are repeated up to the next one, so one is put behind the end: the
/// first again, late enough that it is never what is shown. An FFmpeg built for this needs the filters split, select,
/// setpts, concat, fps, trim, scale, setsar, tile and format.
fn filters(plan: &Storyboard) -> String {
    let (interval, tiles) = (plan.interval().as_secs(), plan.tiles());
    let ((columns, rows), (width, height)) = (plan.grid(), plan.tile());
    let end = interval.saturating_mul(tiles.into());
    format!(
        "split[all][one];[one]select='eq(n,0)',setpts=PTS+{end}/TB[end];[all][end]concat,\
         setpts=PTS-{interval}/2/TB,fps=1/{interval}:start_time=0:round=up,trim=end_frame={tiles},\
         scale={width}:{height},setsar=1,tile={columns}x{rows},format=yuvj420p"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_image_is_laid_out_as_planned() {
        let plan = Storyboard::plan(Duration::from_secs(250), 1920, 1080);
        let input = Input { url: "http://127.0.0.1:9/in", container: Container::Mp4 };
        let command = sprite(input, &plan, "http://127.0.0.1:9/out").join(" ");
        let (before, after) = command.split_once(" -i http://127.0.0.1:9/in ").expect("an input");
        assert!(
            before.contains("-protocol_whitelist http,tcp -recv_buffer_size 131072 -format_whitelist mov")
                && before.contains("-max_pixels")
        );
        for wanted in [
            "setpts=PTS+252/TB[end]",
            "setpts=PTS-3/2/TB,fps=1/3:start_time=0:round=up,trim=end_frame=84,scale=160:90,setsar=1,tile=10x9",
        ] {
            assert!(after.contains(wanted), "{wanted} in {after}");
        }
        assert!(command.ends_with("-f image2pipe http://127.0.0.1:9/out"), "{command}");
    }
}
