//! Plans of chunks, and what FFmpeg makes of them: the same frames at the same times as in one encode.

use std::path::{Path, PathBuf};
use std::time::Duration;

use media::chunks::{Budget, Chunk, Speed, Workload, plan};
use media::ffmpeg::{FfmpegError, Gaps, Output, Timed};
use media::{AudioPlan, Facts, Limits, Plan, Reason, VideoPlan, decide};

use crate::support::{Job, Served, ffprobe, head, size, soon, tools};
use crate::webm::{header, seek, spliced};

/// Two hours of 1080p VP9 on a function of 15 minutes.
const TWO_HOURS: Workload = Workload { duration: Duration::from_secs(7200), width: 1920, height: 1080, fps: 30.0 };
const LAMBDA: Budget = Budget { timeout: Duration::from_secs(900), target: Duration::from_secs(120), max_chunks: 100 };

/// Checks what holds for all plans, and gives the shortest and the longest chunk in seconds.
fn checked(workload: &Workload, chunks: &[Chunk]) -> (u64, u64) {
    assert_eq!((chunks[0].start, chunks[chunks.len() - 1].end), (Duration::ZERO, None));
    for [chunk, next] in chunks.array_windows() {
        assert_eq!(chunk.end, Some(next.start));
    }
    let lengths = chunks.iter().map(|chunk| {
        assert_eq!(chunk.start.as_millis() % 2000, 0, "{chunk:?}");
        chunk.end.unwrap_or(workload.duration).saturating_sub(chunk.start).as_secs()
    });
    let lengths: Vec<u64> = lengths.collect();
    (*lengths.iter().min().expect("a chunk"), *lengths.iter().max().expect("a chunk"))
}

#[test]
fn two_hours_of_1080p_fit_a_function_of_fifteen_minutes() {
    let chunks = plan(&TWO_HOURS, &Speed::default(), &LAMBDA).expect("a plan");
    let (shortest, longest) = checked(&TWO_HOURS, &chunks);
    // 448 thousand million pixels are two and a half hours of work: 77 chunks of a minute and a half, two minutes each.
    let work = Speed::default().estimate(&TWO_HOURS, TWO_HOURS.duration);
    let one = Speed::default().estimate(&TWO_HOURS, Duration::from_secs(longest));
    println!("{} chunks of {shortest} to {longest} s, {work:?} of work, {one:?} at most each", chunks.len());
    assert_eq!((work.as_secs(), chunks.len(), shortest, longest), (8957, 77, 92, 94));
    assert!(one <= LAMBDA.target && one * 7 < LAMBDA.timeout, "{one:?}");
}

#[test]
fn plans_keep_to_their_bounds() {
    let of = |seconds: u64, budget: &Budget, speed: f64| {
        let workload = Workload { duration: Duration::from_secs(seconds), ..TWO_HOURS };
        let chunks = plan(&workload, &Speed { pixels_per_second: speed }, budget)?;
        let (shortest, longest) = checked(&workload, &chunks);
        Ok::<_, Reason>((chunks.len(), shortest, longest))
    };
    // 62,208,000 pixels a second: this speed is real time.
    let real_time = 62_208_000.0;
    assert_eq!(of(120, &LAMBDA, real_time), Ok((1, 120, 120)), "within the target");
    assert_eq!(of(0, &LAMBDA, real_time), Ok((1, 0, 0)));
    assert_eq!(of(121, &LAMBDA, real_time), Ok((2, 60, 61)));
    let long_target = Budget { target: Duration::from_secs(800), ..LAMBDA };
    let (_, _, longest) = of(3000, &long_target, real_time).expect("a plan");
    assert!(longest <= 300, "{longest} s are over a third of the timeout");
    // A picture so large that ten seconds take longer than the target: no shorter for that.
    assert_eq!(of(60, &LAMBDA, real_time / 20.0).map(|(_, shortest, _)| shortest >= 10), Ok(true));
    let few = Budget { max_chunks: 4, ..LAMBDA };
    assert_eq!(of(2000, &few, real_time), Ok((4, 500, 500)), "longer chunks when there may be few");
    assert_eq!(of(2400, &few, real_time), Err(Reason::TooMuchWork { minutes: 39 }));
    let many = Budget { max_chunks: 1000, ..LAMBDA };
    for seconds in [11, 12, 13, 23, 24, 25, 119, 1001, 43_199] {
        let (count, shortest, longest) = of(seconds, &many, 20e6).expect("a plan");
        assert!(count == 1 || (shortest >= 10 && longest - shortest <= 4), "{seconds}: {shortest} to {longest}");
    }
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let usual = plan(&TWO_HOURS, &Speed::default(), &LAMBDA);
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
        assert_eq!(plan(&Workload { fps: odd, ..TWO_HOURS }, &Speed::default(), &LAMBDA), usual, "{odd} fps");
        assert_eq!(plan(&TWO_HOURS, &Speed { pixels_per_second: odd }, &LAMBDA), usual, "a speed of {odd}");
    }
    let giant = Workload { duration: Duration::MAX, width: u32::MAX, height: u32::MAX, fps: f64::MAX };
    let tiny = Speed { pixels_per_second: f64::MIN_POSITIVE };
    let most = Budget { timeout: Duration::MAX, target: Duration::MAX, max_chunks: u32::MAX };
    let nothing = Budget { timeout: Duration::ZERO, target: Duration::ZERO, max_chunks: 0 };
    for workload in [giant, Workload { width: 0, ..giant }, TWO_HOURS] {
        for speed in [tiny, Speed { pixels_per_second: f64::MAX }, Speed::default()] {
            for budget in [most, nothing, LAMBDA] {
                if let Ok(chunks) = plan(&workload, &speed, &budget) {
                    assert!((1..=1000).contains(&chunks.len()));
                }
            }
        }
    }
    assert!(matches!(plan(&TWO_HOURS, &tiny, &most), Err(Reason::TooMuchWork { .. }) | Ok(_)));
}

/// When each frame is shown, in ticks of 1/90000 s, and whether it is a keyframe; in the order in which they are shown.
fn frames(file: &Path, start: Duration) -> Vec<(i64, bool)> {
    let text = ffprobe(file, "-show_entries packet=pts,flags -of csv=p=0");
    // What holds no frame tells no clock that means anything.
    assert!(text.is_empty() || ffprobe(file, "-show_entries stream=time_base") == "1/90000", "{file:?}");
    let ticks = i64::try_from(start.as_millis()).expect("small") * 90;
    let mut frames: Vec<(i64, bool)> = text
        .lines()
        .map(|line| {
            let (pts, flags) = line.split_once(',').expect("two columns");
            (pts.parse::<i64>().expect("a time") + ticks, flags.starts_with('K'))
        })
        .collect();
    frames.sort_unstable();
    frames
}

/// Waits for what FFmpeg writes.
async fn written(job: &Job, name: &str, output: Result<Output, FfmpegError>) -> PathBuf {
    let (mut output, mut bytes) = (output.expect("begun"), Vec::new());
    while let Some(piece) = output.next().await.expect("encoded") {
        bytes.extend_from_slice(&piece);
    }
    job.write(name, &bytes)
}

/// A recording, encoded at once.
async fn at_once(job: &Job, file: &Path, plan: &Plan) -> PathBuf {
    let served = Served::new(file);
    let begun = tools().publish(&served.loopback, served.input(plan.container), plan, Gaps::Fill, soon());
    written(job, "whole.mp4", begun).await
}

/// Encodes a recording at once and in four chunks, and compares. Gives the chunks.
async fn same_in_chunks(job: &Job, file: &Path, splice: bool, bounds: [u64; 3]) -> Vec<PathBuf> {
    let probe = job.probe(file).await;
    let container = media::sniff(&head(file));
    let facts = Facts::of_probe(container, size(file), &probe);
    let media::Decision::Publish(plan) = decide(&facts, &Limits::new(1 << 30)) else { panic!("refused") };
    let plan = Plan { audio: AudioPlan::None, ..plan };
    assert!(matches!(plan.video, VideoPlan::Encode { .. }), "{plan:?}");

    let whole = at_once(job, file, &plan).await;
    let bytes = std::fs::read(file).expect("a file");
    let starts = [0, bounds[0], bounds[1], bounds[2]].map(Duration::from_secs);
    let (mut joined, mut made, mut settings) = (Vec::new(), Vec::new(), Vec::new());
    for (number, start) in starts.into_iter().enumerate() {
        let part = Chunk { start, end: starts.get(number + 1).copied() };
        let input = if splice {
            let header = header(&bytes).expect("a header");
            let zero = Duration::from_micros(probe.start.unsigned_abs());
            let t = if probe.start < 0 { start.saturating_sub(zero) } else { start + zero };
            job.write(&format!("in{number}.webm"), &spliced(&header, &bytes, seek(&header, &bytes, t).offset))
        } else {
            file.to_owned()
        };
        let served = Served::new(&input);
        let source = Timed { url: served.input(plan.container).url, zero: probe.start, seekable: !splice };
        let begun = tools().chunk(&served.loopback, &source, &plan, &part, soon());
        let output = written(job, &format!("out{number}.mp4"), begun).await;
        let found = frames(&output, start);
        if let Some((_, key)) = found.first() {
            assert!(*key, "chunk {number} begins with a keyframe");
            settings.push(ffprobe(&output, "-show_data_hash md5 -show_entries stream=extradata_hash"));
        }
        joined.extend(found);
        made.push(output);
    }
    let whole = frames(&whole, Duration::ZERO);
    let times = |frames: &[(i64, bool)]| frames.iter().map(|(time, _)| *time).collect::<Vec<_>>();
    assert_eq!(times(&joined), times(&whole), "{file:?}");
    for frames in [joined, whole] {
        // Never farther apart than two seconds and the pause behind them.
        let keys = frames.iter().filter(|(_, key)| *key).map(|(time, _)| *time).collect::<Vec<_>>();
        for [key, next] in keys.array_windows() {
            let late = frames.iter().filter(|(time, _)| *time >= key + 180_000 && time < next).count();
            assert_eq!(late, 0, "between {key} and {next}");
        }
    }
    assert!(settings.iter().all(|one| *one == settings[0]), "chunks that cannot be joined: {settings:?}");
    made
}

const VP9: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 500k -g 90";

#[tokio::test]
async fn a_recorders_webm_is_encoded_in_chunks_from_its_middle() {
    let job = Job::new();
    let picture = "-f lavfi -i testsrc2=s=320x180:r=30:d=20 -f lavfi -i sine=d=20";
    let live = job.make("live.webm", &format!("{picture} {VP9} -c:a libopus -live 1 -f webm"));
    same_in_chunks(&job, &live, true, [6, 10, 16]).await;
    let told = job.make("told.webm", "-i live.webm -c copy");
    same_in_chunks(&job, &told, false, [6, 10, 16]).await;
}

#[tokio::test]
async fn h264_of_ten_bits_is_encoded_in_chunks() {
    let job = Job::new();
    let picture = "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=20";
    let file =
        job.make("ten.mp4", &format!("{picture} -c:v libx264 -preset ultrafast -bf 3 -g 75 -pix_fmt yuv420p10le"));
    same_in_chunks(&job, &file, false, [6, 10, 16]).await;
}

#[tokio::test]
async fn a_picture_that_stands_still_is_encoded_in_chunks() {
    let job = Job::new();
    // Uneven times; nothing new from 3.1 s to 6.4 s, and from 9 s to 16.5 s, which is all of the third chunk.
    let uneven = "select='lt(random(1),0.6)*(lt(t,3.1)+gt(t,6.4)*lt(t,9)+gt(t,16.5))'";
    let picture = format!("-f lavfi -i testsrc2=s=320x180:r=60:d=20 -vf {uneven} -fps_mode vfr");
    let file = job.make("still.webm", &format!("{picture} {VP9} -live 1 -f webm"));
    let made = same_in_chunks(&job, &file, true, [4, 10, 16]).await;
    assert_eq!(frames(&made[2], Duration::ZERO), []);
}

#[tokio::test]
async fn sound_keeps_its_distance_from_the_picture() {
    let job = Job::new();
    let late = job.make(
        "late.webm",
        &format!(
            "-f lavfi -i testsrc2=s=64x64:r=30:d=4 -itsoffset 1.5 -f lavfi -i sine=d=2 {VP9} -c:a libopus -f webm"
        ),
    );
    let probe = job.probe(&late).await;
    let facts = Facts::of_probe(media::sniff(&head(&late)), size(&late), &probe);
    let media::Decision::Publish(plan) = decide(&facts, &Limits::new(1 << 30)) else { panic!("refused") };
    let served = Served::new(&late);
    let source = Timed { url: served.input(plan.container).url, zero: probe.start, seekable: true };
    let begun = tools().sound(&served.loopback, &source, &plan, Gaps::Fill, soon());
    let output = written(&job, "sound.mp4", begun).await;
    assert_eq!(ffprobe(&output, "-show_entries stream=codec_name"), "aac");
    let whole = at_once(&job, &late, &plan).await;
    let times = |file: &Path| -> Vec<f64> {
        let text = ffprobe(file, "-select_streams a -show_entries packet=pts_time -of csv=p=0");
        text.lines().map(|time| time.parse().expect("a time")).collect()
    };
    let (alone, beside) = (times(&output), times(&whole));
    assert_eq!(alone.len(), beside.len());
    // The file that is written at once rounds its beginning to milliseconds.
    assert!(alone.iter().zip(&beside).all(|(alone, beside)| (alone - beside).abs() <= 0.001), "{alone:?}, {beside:?}");
}
