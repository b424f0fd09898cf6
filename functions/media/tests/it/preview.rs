//! Previews: short, small, and there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use media::{Container, mp4};

use crate::support::{Job, Served, TONE, colour, ffprobe, size, soon, tools, turn};

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -movflags +faststart";

async fn preview(job: &Job, recording: &Path) -> PathBuf {
    let served = Served::new(recording);
    let duration = mp4::read_file(recording).expect("an index").duration;
    let made = tools().preview(&served.loopback, served.input(Container::Mp4), duration, soon()).await;
    let file = job.write("preview.gif", &made.expect("a preview"));
    assert!(size(&file) <= 1_500_000, "{} bytes", size(&file));
    let bytes = std::fs::read(&file).expect("a file");
    assert!(bytes.starts_with(b"GIF89a"));
    file
}

/// Width, height and number of frames.
fn shape(file: &Path) -> [u32; 3] {
    let told = ffprobe(file, "-count_frames -show_entries stream=width,height,nb_read_frames");
    let numbers: Vec<u32> = told.lines().map(|line| line.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}

fn seconds(file: &Path) -> f64 {
    ffprobe(file, "-show_entries format=duration").parse().expect("a duration")
}

#[tokio::test]
async fn four_seconds_from_the_poster_on() {
    let job = Job::new();
    // Red for a second, then blue.
    let picture = "-f lavfi -i color=c=red:s=640x360:r=30:d=1 -f lavfi -i testsrc2=s=640x360:r=30:d=7 \
                   -filter_complex [1]drawbox=c=blue:t=fill[b];[0][b]concat";
    let source = job.make("source.mp4", &format!("{picture} {H264}"));
    let file = preview(&job, &source).await;
    assert_eq!(shape(&file), [480, 270, 32]);
    assert!((seconds(&file) - 4.0).abs() < 0.05, "{}", seconds(&file));
    let [red, _, blue] = colour(&file, "iw/4:ih/4:0:0");
    assert!(blue > 200 && red < 60, "what is shown after a second comes first");
    let bytes = std::fs::read(&file).expect("a file");
    let looped = bytes.windows(16).any(|window| window == b"NETSCAPE2.0\x03\x01\0\0\0");
    assert!(looped, "without end");
}

#[tokio::test]
async fn previews_are_upright_and_never_larger_than_the_recording() {
    let job = Job::new();
    let source = job.make("source.mp4", &format!("-f lavfi -i testsrc2=s=640x360:r=30:d=2 {H264}"));
    let file = preview(&job, &turn(&job, "turned.mp4", &source, 90)).await;
    let [width, height, frames] = shape(&file);
    assert_eq!((width, height), (270, 480));
    assert!((7..=9).contains(&frames), "a second is left: {frames}");
    let wide = job.make("wide.mp4", &format!("-f lavfi -i testsrc2=s=160x120:r=10:d=3 -vf setsar=2/1 {H264}"));
    assert_eq!(shape(&preview(&job, &wide).await)[..2], [320, 120]);
    let small = job.make("small.mp4", &format!("-f lavfi -i testsrc2=s=98x34:r=10:d=0.5 {H264}"));
    assert_eq!(shape(&preview(&job, &small).await)[..2], [98, 34]);
    let line = job.make("line.mp4", &format!("-f lavfi -i testsrc2=s=2000x2:r=10:d=3 {H264}"));
    assert_eq!(shape(&preview(&job, &line).await)[..2], [480, 1]);
}

#[tokio::test]
async fn what_stands_still_has_a_preview() {
    let job = Job::new();
    let one = job.make("one.mp4", &format!("-f lavfi -i testsrc2=s=64x64:r=10 -frames:v 1 {H264}"));
    assert_eq!(shape(&preview(&job, &one).await), [64, 64, 1]);
    let tone = TONE.replace("1.5", "12");
    let still = job.make("still.mp4", &format!("-i {} {tone} -c:v copy -c:a aac", one.display()));
    assert!(mp4::read_file(&still).expect("an index").duration > Some(Duration::from_secs(11)));
    assert_eq!(shape(&preview(&job, &still).await), [64, 64, 1]);
}

#[tokio::test]
async fn noise_is_made_smaller_until_it_fits() {
    let job = Job::new();
    let noise = "-f lavfi -i color=c=gray:s=640x360:r=25:d=6 -vf noise=c0s=100:c0f=t";
    let source = job.make("noise.mp4", &format!("{noise} {H264} -crf 10"));
    let file = preview(&job, &source).await;
    let [width, _, frames] = shape(&file);
    assert!(width < 480 && frames < 32, "{width} pixels, {frames} frames");
    assert!(seconds(&file) < 3.2, "{}", seconds(&file));
}
