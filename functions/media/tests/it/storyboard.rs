//! Storyboards of recordings of every kind, looked at picture by picture.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use media::loopback::{Loopback, Source};
use media::mp4::{self, Index};
use media::storyboard::Storyboard;

use crate::support::{Job, TONE, size, soon, tools, turn};

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -sc_threshold 0 -movflags +faststart";

/// One of 27 colours that are well apart, as red, green and blue.
fn colour_of(number: usize) -> [u8; 3] {
    [1, 3, 9].map(|weight| [30, 130, 230][number / weight % 3])
}

/// Arguments for a picture that has another colour every second, at 10 fps.
fn seconds(count: usize, size: &str, filters: &str) -> String {
    let inputs: String = (0..count)
        .map(|number| {
            let [r, g, b] = colour_of(number);
            format!("-f lavfi -i color=c=0x{r:02x}{g:02x}{b:02x}:s={size}:r=10:d=1 ")
        })
        .collect();
    format!("{inputs} -filter_complex concat=n={count}{filters}")
}

/// A published file, and what is read of it.
struct Recording {
    loopback: Loopback,
    source: Arc<Source>,
    index: Index,
    plan: Storyboard,
    read: Arc<AtomicU64>,
    ranges: Arc<Mutex<Vec<std::ops::Range<u64>>>>,
}

/// The image of a storyboard as pixels.
struct Image {
    plan: Storyboard,
    pixels: Vec<u8>,
}

impl Recording {
    fn open(path: &Path) -> Self {
        let index = mp4::read_file(path).expect("an index");
        let (file, read, ranges) =
            (Arc::new(std::fs::File::open(path).expect("a file")), Arc::default(), Arc::default());
        let (counted, listed): (Arc<AtomicU64>, Arc<Mutex<Vec<_>>>) = (Arc::clone(&read), Arc::clone(&ranges));
        let source = Source::new(size(path), move |range: std::ops::Range<u64>| {
            let file = Arc::clone(&file);
            counted.fetch_add(range.end - range.start, Ordering::Relaxed);
            listed.lock().expect("a list").push(range.clone());
            async move {
                let mut bytes = vec![0; usize::try_from(range.end - range.start).expect("small")];
                file.read_exact_at(&mut bytes, range.start).expect("a range");
                Ok(bytes.into())
            }
        });
        let plan = Storyboard::of(&index).expect("a picture");
        Self { loopback: Loopback::start("test").expect("a port"), source, index, plan, read, ranges }
    }

    /// Whether keyframes alone are enough.
    fn by_keyframes(&self) -> bool {
        self.plan.stills(&self.index).is_some()
    }

    async fn drawn(&self, job: &Job) -> Image {
        let image = tools().storyboard(&self.loopback, &self.source, &self.index, &self.plan, soon()).await;
        assert_eq!(self.source.failure(), None);
        let file = job.write("storyboard.jpg", &image.expect("an image"));
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-f", "jpeg_pipe", "-i"])
            .arg(file)
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
            .output()
            .expect("ffmpeg");
        let (width, height) = self.plan.size();
        assert_eq!(output.stdout.len(), width as usize * height as usize * 3, "{:?}", self.plan);
        Image { plan: self.plan, pixels: output.stdout }
    }
}

impl Image {
    /// The average colour around a point of a tile, given in quarters of its sides.
    fn at(&self, tile: usize, across: usize, down: usize) -> [u8; 3] {
        let ((width, height), (columns, _)) = (self.plan.tile(), self.plan.grid());
        let (columns, stride) = (columns as usize, self.plan.size().0 as usize);
        let left = tile % columns * width as usize + width as usize * across / 4;
        let top = tile / columns * height as usize + height as usize * down / 4;
        let side = (width.min(height) as usize / 4).max(1);
        let mut sums = [0_usize; 3];
        for y in top - side / 2..top - side / 2 + side {
            for x in left - side / 2..left - side / 2 + side {
                for (sum, value) in sums.iter_mut().zip(&self.pixels[(y * stride + x) * 3..]) {
                    *sum += usize::from(*value);
                }
            }
        }
        sums.map(|sum| u8::try_from(sum / (side * side)).expect("an average"))
    }

    fn centre(&self, tile: usize) -> [u8; 3] {
        self.at(tile, 2, 2)
    }

    /// The tiles show these colours, by number.
    fn shows(&self, numbers: &[usize]) {
        assert_eq!(self.plan.tiles() as usize, numbers.len());
        let far = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().expect("three");
        let shown: Vec<usize> = (0..numbers.len())
            .map(|tile| (0..27).min_by_key(|number| far(self.centre(tile), colour_of(*number))).expect("27"))
            .collect();
        assert_eq!(shown, numbers);
    }
}

#[tokio::test]
async fn every_picture_is_of_its_time() {
    let job = Job::new();
    for (name, how, by_keyframes) in [
        ("dense.mp4", "-g 10", true),
        ("reordered.mp4", "-g 10 -bf 3 -b_strategy 0", true),
        ("sparse.mp4", "-g 1000", false),
        ("baseline.mp4", "-g 1000 -profile:v baseline -x264-params repeat-headers=0:ref=1", false),
    ] {
        let path = job.make(name, &format!("{} {H264} {how}", seconds(13, "320x180", "")));
        let recording = Recording::open(&path);
        assert_eq!(recording.by_keyframes(), by_keyframes, "{name}");
        assert_eq!((recording.plan.tile(), recording.plan.grid()), ((160, 90), (10, 2)));
        let image = recording.drawn(&job).await;
        image.shows(&(0..13).collect::<Vec<_>>());
        assert!(image.centre(12)[0] > 20 && image.centre(19).iter().all(|value| *value < 8), "the rest is black");
    }
}

#[tokio::test]
async fn an_interval_is_shown_by_its_middle() {
    let job = Job::new();
    // The colours change at 0.3, 1.3, and so on: after each interval's beginning and before its middle.
    let late = ",trim=start=0.7,setpts=PTS-STARTPTS";
    let path = job.make("late.mp4", &format!("{} {H264} -g 1000", seconds(8, "320x180", late)));
    let recording = Recording::open(&path);
    assert!(!recording.by_keyframes());
    recording.drawn(&job).await.shows(&[1, 2, 3, 4, 5, 6, 7, 7]);
}

#[tokio::test]
async fn keyframes_at_other_distances_are_close_enough() {
    let job = Job::new();
    // Every two seconds, the most that is let through: each picture is that of the even second.
    let path = job.make("even.mp4", &format!("{} {H264} -g 20", seconds(12, "320x180", "")));
    let recording = Recording::open(&path);
    assert!(recording.by_keyframes());
    recording.drawn(&job).await.shows(&[0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10]);
    let path = job.make("three.mp4", &format!("{} {H264} -g 30", seconds(12, "320x180", "")));
    let recording = Recording::open(&path);
    assert!(!recording.by_keyframes());
    recording.drawn(&job).await.shows(&(0..12).collect::<Vec<_>>());
    // Open groups of pictures, whose keyframes are no fresh start.
    let open = "-x264-params keyint=10:min-keyint=10:open-gop=1:bframes=3:b-adapt=0";
    let path = job.make("open.mp4", &format!("{} {H264} {open}", seconds(12, "320x180", "")));
    let recording = Recording::open(&path);
    let stills = recording.plan.stills(&recording.index).expect("keyframes");
    recording.drawn(&job).await.shows(&(0..12).collect::<Vec<_>>());
    assert_eq!(recording.read.load(Ordering::Relaxed), stills.bytes(), "they were enough");
}

#[tokio::test]
async fn a_picture_that_stands_still_is_its_own_keyframe() {
    let job = Job::new();
    let tone = TONE.replace("1.5", "12");
    let make = |name: &str, frames: &str| {
        let picture = job.make(
            &format!("picture-{name}"),
            &format!("{} -fps_mode vfr {H264} -g 1000", seconds(12, "320x180", &format!(",select='{frames}'"))),
        );
        job.make(name, &format!("-i {} {tone} -c:v copy -c:a aac -movflags +faststart", picture.display()))
    };
    for (name, frames, by_keyframes, shown) in [
        ("one.mp4", "eq(n,0)", true, [0; 12]),
        // A later frame that stands for nearly two seconds, or for four.
        ("late.mp4", "eq(n,0)+eq(n,100)", true, [0; 12]),
        ("two.mp4", "eq(n,0)+eq(n,80)", false, [0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8]),
        ("soon.mp4", "lt(n,12)", false, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ] {
        let recording = Recording::open(&make(name, frames));
        assert_eq!(recording.by_keyframes(), by_keyframes, "{name}");
        recording.drawn(&job).await.shows(&shown);
    }
}

#[tokio::test]
async fn twelve_hours_are_a_hundred_pictures_of_a_few_bytes() {
    let job = Job::new();
    // A frame every half hour.
    let slow = ",select='not(mod(n,10))',setpts=N*1800/TB";
    let path = job.make("long.mp4", &format!("{} -fps_mode vfr {H264} -g 1", seconds(25, "320x180", slow)));
    let recording = Recording::open(&path);
    let interval = recording.plan.interval().as_secs();
    assert!(recording.by_keyframes() && (432..=450).contains(&interval), "{:?}", recording.plan);
    let shown: Vec<usize> = (0..u64::from(recording.plan.tiles()))
        .map(|tile| usize::try_from((tile * interval + interval / 2) / 1800).expect("small").min(24))
        .collect();
    assert!(shown.len() > 95);
    recording.drawn(&job).await.shows(&shown);
    assert!(recording.ranges.lock().expect("a list").len() <= 25, "each keyframe is read once");
}

#[tokio::test]
async fn only_the_keyframes_are_read() {
    let job = Job::new();
    let noise = ",noise=alls=40:allf=t";
    let path = job.make("noise.mp4", &format!("{} {H264} -g 20 -crf 30", seconds(24, "640x360", noise)));
    let recording = Recording::open(&path);
    let stills = recording.plan.stills(&recording.index).expect("keyframes");
    assert_eq!(stills.keyframes.len(), 12);
    recording.drawn(&job).await.shows(&(0..24).map(|second| second / 2 * 2).collect::<Vec<_>>());
    let read = recording.read.load(Ordering::Relaxed);
    assert_eq!(read, stills.bytes(), "nothing else, and nothing twice");
    assert!(read * 10 < size(&path), "{read} of {}", size(&path));
    assert_eq!(*recording.ranges.lock().expect("a list"), stills.keyframes);
}

#[tokio::test]
async fn pictures_are_upright_and_keep_their_shape() {
    let job = Job::new();
    // Red above, blue below, as coded.
    let halves =
        "-f lavfi -i color=c=red:s=320x96:r=10:d=4 -f lavfi -i color=c=blue:s=320x96:r=10:d=4 -filter_complex vstack";
    let red = |colour: [u8; 3]| colour[0] > colour[2];
    for (group, by_keyframes) in [("-g 10", true), ("-g 1000", false)] {
        let upright = job.make("upright.mp4", &format!("{halves} {H264} {group}"));
        for (by, tile, first, last) in [
            (0, (160, 96), (2, 1), (2, 3)),
            (90, (96, 160), (3, 2), (1, 2)),
            (180, (160, 96), (2, 3), (2, 1)),
            (270, (96, 160), (1, 2), (3, 2)),
        ] {
            let recording = Recording::open(&turn(&job, "turned.mp4", &upright, by));
            assert_eq!((recording.by_keyframes(), recording.plan.tile()), (by_keyframes, tile), "turned by {by}");
            let image = recording.drawn(&job).await;
            for number in 0..4 {
                let (first, last) = (image.at(number, first.0, first.1), image.at(number, last.0, last.1));
                assert!(red(first) && !red(last), "turned by {by}: {first:?} {last:?}");
            }
        }
        for (size, shape, tile) in [
            ("320x180", "2/1", (160, 46)),
            ("176x144", "128/117", (160, 120)),
            ("98x34", "1/1", (98, 34)),
            ("2x2", "1/1", (2, 2)),
            ("16x4000", "1/1", (2, 160)),
        ] {
            let args = format!("-f lavfi -i color=c=red:s={size}:r=10:d=4 -vf setsar={shape} {H264} {group}");
            let recording = Recording::open(&job.make("shaped.mp4", &args));
            assert_eq!((recording.by_keyframes(), recording.plan.tile()), (by_keyframes, tile), "{size}");
            let image = recording.drawn(&job).await;
            assert!((0..4).all(|tile| red(image.centre(tile))), "{size}");
        }
    }
}

#[tokio::test]
async fn edit_lists_shift_the_pictures() {
    let job = Job::new();
    let plain = job.make("plain.mp4", &format!("{} {H264} -g 10 -bf 2", seconds(12, "320x180", "")));
    let cut = job.make("cut.mp4", &format!("-ss 2.2 -i {} -c copy", plain.display()));
    let recording = Recording::open(&cut);
    assert!(recording.index.tracks[0].edit_list);
    // What the list hides is not shown: the keyframe before the cut.
    assert!(!recording.by_keyframes());
    recording.drawn(&job).await.shows(&[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    // The picture begins after three seconds of sound.
    let tone = TONE.replace("1.5", "15");
    let args = format!("{tone} -itsoffset 3 -i {} -map 1:v -map 0:a -c:v copy -c:a aac", plain.display());
    let recording = Recording::open(&job.make("late.mp4", &args));
    assert!(recording.by_keyframes());
    let shown: Vec<usize> = (0..15_usize).map(|second| second.saturating_sub(3)).collect();
    recording.drawn(&job).await.shows(&shown);
}

#[tokio::test]
async fn a_single_frame_is_a_storyboard() {
    let job = Job::new();
    let args = format!("-f lavfi -i color=c=0xe61e1e:s=64x48:r=10 -frames:v 1 {H264}");
    let recording = Recording::open(&job.make("one.mp4", &args));
    assert!(recording.by_keyframes());
    recording.drawn(&job).await.shows(&[2]);
    let text = recording.plan.vtt("s.jpg");
    assert_eq!(text, "WEBVTT\n\n00:00:00.000 --> 00:00:00.100\ns.jpg#xywh=0,0,64,48\n");
}

#[tokio::test]
async fn what_ffmpeg_wrote_is_taken_by_a_process_without_time() {
    let job = Job::new();
    let args = format!("-f lavfi -i color=c=0xe61e1e:s=64x48:r=10 -frames:v 1 {H264}");
    let path = job.make("one.mp4", &args);
    // By the time that it goes on, FFmpeg has connected, written and ended.
    let busy = tokio::spawn(async {
        loop {
            std::thread::sleep(Duration::from_millis(200));
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..4 {
        Recording::open(&path).drawn(&job).await.shows(&[2]);
    }
    busy.abort();
}
