//! Renditions as the transcode function makes them, read back by another player of HLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use media::Container;
use media::chunks::Chunk;
use media::ffmpeg::Outputs;
use media::hls::{self, File, Picture, Stream};
use media::ladder::{FrameRate, Rung, ladder};
use media::loopback::Sink;
use media::mp4::{self, Cmaf, FragmentReader, Segments};

use crate::support::{Job, Served, ffprobe, framemd5, soon, tools};

/// Half a minute of moving picture at 30 fps, with sound, as it is published.
const MOVING: &str = "-f lavfi -i testsrc2=s=640x360:r=30:d=26.5 -f lavfi -i sine=d=26.6";
const PUBLISHED: &str = "-c:v libx264 -preset ultrafast -bf 2 -g 45 -pix_fmt yuv420p -c:a aac -movflags +faststart";

/// Stores what comes from one output, and what is to be known of it.
async fn stored(mut sink: Sink, file: PathBuf, chunk: Chunk) -> Segments {
    let (mut reader, mut cmaf, mut bytes) = (FragmentReader::new(), None, Vec::new());
    while let Some(piece) = sink.next().await {
        let mut piece = &piece[..];
        while let Some(fragment) = reader.feed(&mut piece).expect("a fragment") {
            let cmaf = match &mut cmaf {
                Some(cmaf) => cmaf,
                none => {
                    let (begun, head) = Cmaf::begin(reader.init().expect("an index"), chunk.start).expect("a track");
                    bytes.extend(head);
                    none.insert(begun)
                }
            };
            let head = cmaf.add(&fragment).expect("a head");
            if !head.is_empty() {
                bytes.extend(head);
                bytes.extend(fragment.media);
            }
        }
    }
    assert!(sink.is_whole());
    std::fs::write(file, bytes).expect("a file");
    cmaf.expect("fragments").finish(chunk.end)
}

/// Stores all outputs of a run, each under its name.
async fn all(mut run: Outputs, files: Vec<PathBuf>, chunk: Chunk) -> Vec<Segments> {
    let tasks: Vec<_> =
        run.take().into_iter().zip(files).map(|(sink, file)| tokio::spawn(stored(sink, file, chunk))).collect();
    let mut segments = Vec::new();
    for task in tasks {
        segments.push(task.await.expect("an output"));
    }
    run.ended().await.expect("ffmpeg's success");
    segments
}

fn chunk(start: u64, end: Option<u64>) -> Chunk {
    Chunk { start: Duration::from_secs(start), end: end.map(Duration::from_secs) }
}

/// Makes the whole ladder of a published file, its picture cut at `cuts`; the renditions.
async fn make(job: &Job, published: &Path, heights: &[u32], cuts: &[u64]) -> Vec<Rung> {
    let index = mp4::read_file(published).expect("an index");
    let summary = index.summary();
    let sound = index.tracks.iter().any(|track| track.kind == media::Kind::Audio);
    let (rungs, rate) = (ladder(summary.width, summary.height, heights), FrameRate::of(summary.fps));
    let served = Served::new(published);
    let url = served.input(Container::Mp4).url;
    let mut streams: Vec<Stream> = rungs
        .iter()
        .map(|rung| Stream {
            name: rung.name().to_string(),
            picture: Some(Picture { width: rung.width, height: rung.height, fps: rate.per_second() }),
            files: Vec::new(),
        })
        .collect();
    let starts: Vec<u64> = std::iter::once(0).chain(cuts.iter().copied()).collect();
    for (number, start) in starts.iter().enumerate() {
        let chunk = chunk(*start, starts.get(number + 1).copied());
        let names: Vec<String> = rungs.iter().map(|rung| format!("{}-{number}.mp4", rung.name())).collect();
        let run = tools().renditions(&served.loopback, url, &rungs, rate, &chunk, soon()).expect("a run");
        let made = all(run, names.iter().map(|name| job.path(name)).collect(), chunk).await;
        for ((stream, name), content) in streams.iter_mut().zip(names).zip(made) {
            stream.files.push(File { name, content });
        }
    }
    let names = ["source-0.mp4", "audio-0.mp4"];
    let run = tools().copies(&served.loopback, url, sound, soon()).expect("a run");
    let made = all(run, names.iter().map(|name| job.path(name)).collect(), chunk(0, None)).await;
    let mut copies = made.into_iter().zip(names).map(|(content, name)| Stream {
        name: name.trim_end_matches("-0.mp4").to_owned(),
        picture: (name == names[0]).then_some(Picture {
            width: summary.width,
            height: summary.height,
            fps: summary.fps,
        }),
        files: vec![File { name: name.to_owned(), content }],
    });
    streams.insert(0, copies.next().expect("the picture"));
    let sound = copies.next();
    for stream in streams.iter().chain(&sound) {
        job.write(&format!("{}.m3u8", stream.name), stream.playlist().as_bytes());
    }
    job.write("master.m3u8", hls::master(&streams, sound.as_ref()).as_bytes());
    rungs
}

/// Presentation times of a stream's packets, in order.
fn times(file: &Path, stream: &str) -> Vec<f64> {
    let told = ffprobe(file, &format!("-select_streams {stream} -show_entries packet=pts_time"));
    let mut times: Vec<f64> = told.lines().filter_map(|line| line.trim_matches(',').parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Pixels across and down.
fn size_of(file: &Path) -> (u32, u32) {
    let told = ffprobe(file, "-select_streams v:0 -show_entries stream=width,height");
    let mut sides = told.lines().filter_map(|side| side.parse().ok());
    (sides.next().expect("a width"), sides.next().expect("a height"))
}

/// Lengths of the segments in a playlist.
fn lengths(job: &Job, playlist: &str) -> Vec<String> {
    let playlist = std::fs::read_to_string(job.path(playlist)).expect("a playlist");
    playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:").map(str::to_owned)).collect()
}

/// The structural likeness of two pictures on the whole, 1 when they are the same.
fn likeness(job: &Job, one: &str, other: &str, size: &str) -> f64 {
    let output = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-v", "info", "-i", one, "-i", other, "-lavfi"])
        .arg(format!("[1:v]scale={size},fps=30[b];[0:v]fps=30[a];[a][b]ssim"))
        .args(["-f", "null", "-"])
        .current_dir(job.dir())
        .output()
        .expect("ffmpeg");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let all = said.rsplit_once("All:").unwrap_or_else(|| panic!("{said}")).1;
    all.split_whitespace().next().and_then(|all| all.parse().ok()).expect("a number")
}

#[tokio::test]
async fn chunks_of_a_rendition_play_as_one_picture() {
    let job = Job::new();
    let published = job.make("published.mp4", &format!("{MOVING} {PUBLISHED}"));
    let rungs = make(&job, &published, &[720, 360, 240, 180], &[10, 18]).await;
    assert_eq!(rungs, [Rung { width: 426, height: 240 }, Rung { width: 320, height: 180 }], "nothing is enlarged");
    for rung in rungs {
        let playlist = job.path(&format!("{}.m3u8", rung.name()));
        let shown = times(&playlist, "v:0");
        assert_eq!(shown.len(), 795, "every frame of 26.5 seconds, once");
        for (number, time) in shown.iter().enumerate() {
            let expected = f64::from(u32::try_from(number).expect("small")) / 30.0;
            // FFmpeg's own reader of HLS counts from the first time it meets.
            assert!((time - shown[0] - expected).abs() < 0.001, "frame {number} at {time}");
        }
        let (width, height) = (rung.width, rung.height);
        assert_eq!(size_of(&playlist), (width, height));
        let alike = likeness(&job, &format!("{height}.m3u8"), "published.mp4", &format!("{width}:{height}"));
        assert!(alike > 0.95, "{alike}");
    }
    assert_eq!(
        lengths(&job, "240.m3u8"),
        ["6.000000,", "4.000000,", "6.000000,", "2.000000,", "6.000000,", "2.500000,"],
        "segments end at keyframes and at the end of a chunk"
    );
}

#[tokio::test]
async fn what_is_copied_has_the_packets_and_times_of_what_is_published() {
    let job = Job::new();
    let published = job.make("published.mp4", &format!("{MOVING} {PUBLISHED}"));
    make(&job, &published, &[180], &[]).await;
    for (stream, file) in [("v", "source-0.mp4"), ("a", "audio-0.mp4")] {
        let contents = |file: &Path, of: &str| -> Vec<String> {
            let all = framemd5(file, &format!("-map 0:{of}:0 -c copy"));
            let lines = all.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.rsplit(',').next().unwrap_or_default().trim().to_owned()).collect()
        };
        let (before, after) = (contents(&published, stream), contents(&job.path(file), stream));
        // The sound that a decoder needs before the first is heard lies before the beginning.
        assert!(before.ends_with(&after) && before.len() - after.len() <= 1, "{stream}");
        let shown = |file: &Path| times(file, &format!("{stream}:0"));
        let (before, after) = (shown(&published), shown(&job.path(file)));
        let skipped = before.len() - after.len();
        // Where pictures are presented before they are decoded, FFmpeg's reader counts from the first decode time.
        let (first, later) = (before[skipped], after[0] - before[skipped]);
        assert!((0.0..0.07).contains(&later) && (stream == "v" || later < 0.001) && first < 0.03, "{stream}: {later}");
        for (before, after) in before.iter().skip(skipped).zip(&after) {
            assert!((before + later - after).abs() < 0.001, "{stream}: {before} became {after}");
        }
    }
}

#[tokio::test]
async fn segments_begin_with_keyframes_however_far_apart_those_are() {
    let job = Job::new();
    let published = job.make("published.mp4", &format!("{MOVING} {PUBLISHED} -g 300 -keyint_min 300 -sc_threshold 0"));
    make(&job, &published, &[180], &[]).await;
    assert_eq!(lengths(&job, "source.m3u8"), ["10.000000,", "10.000000,", "6.500000,"]);
}

#[tokio::test]
async fn a_screen_that_stands_still_leaves_no_hole_at_a_cut() {
    let job = Job::new();
    // One picture for nineteen seconds and then movement: nothing comes at the cuts.
    let still = job.make(
        "published.mp4",
        "-f lavfi -i testsrc2=s=320x180:r=30:d=26 -vf select='lt(t,1)+gt(t,19)' -fps_mode vfr -c:v libx264 \
         -preset ultrafast -pix_fmt yuv420p -movflags +faststart",
    );
    make(&job, &still, &[120], &[10, 18]).await;
    let shown = times(&job.path("120.m3u8"), "v:0");
    assert!((shown[0] < 1.5) && shown.windows(2).all(|pair| (pair[1] - pair[0] - 1.0 / 30.0).abs() < 0.001));
    assert_eq!(shown.len(), 780);
    let master = std::fs::read_to_string(job.path("master.m3u8")).expect("a playlist");
    assert!(!master.contains("AUDIO"), "{master}");
    assert!(likeness(&job, "120.m3u8", "published.mp4", "212:120") > 0.9);
}

#[tokio::test]
async fn pictures_that_lie_on_their_side_are_upright_when_encoded() {
    let job = Job::new();
    let made = job
        .make("made.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=3 -c:v libx264 -pix_fmt yuv420p -movflags +faststart");
    let turned = crate::support::turn(&job, "published.mp4", &made, 90);
    let rungs = make(&job, &turned, &[240], &[]).await;
    assert_eq!(rungs, [Rung { width: 240, height: 426 }]);
    assert_eq!(size_of(&job.path("240.m3u8")), (240, 426));
    assert_eq!(times(&job.path("240.m3u8"), "v:0").len(), 75, "25 frames a second stay 25");
}
