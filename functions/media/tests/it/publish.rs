//! Uploads of many kinds, published with the real FFmpeg.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use media::ffmpeg::Input;
use media::loopback::{Loopback, Source, View};
use media::{AudioPlan, Container, Decision, Facts, Limits, Reason, VideoPlan, decide, mp4};

use crate::support::{
    H264_AAC, Job, PICTURE, Published, Served, TONE, colour, ffprobe, framemd5, size, soon, tools, turn,
};

const VP8: &str = "-c:v libvpx -deadline realtime -cpu-used 8";

/// What holds for everything that is published.
fn plays(published: &Published, width: u32, height: u32, seconds: f64) {
    let index = &published.index;
    assert!(index.moov_before_media && !index.fragmented, "{index:?}");
    let summary = index.summary();
    assert_eq!((summary.width, summary.height), (width, height));
    let millis = Duration::from_millis(summary.duration_ms).as_secs_f64();
    assert!((millis - seconds).abs() < 0.12, "{millis} s, not {seconds} s");
    let video = "-select_streams v -show_entries stream=codec_name,pix_fmt,width,height";
    let found = ffprobe(&published.file, video);
    let lines: Vec<&str> = found.lines().collect();
    assert!(matches!(lines[..], ["h264", _, _, "yuv420p"]), "{found}");
    let start: f64 = ffprobe(&published.file, "-show_entries format=start_time").parse().expect("a time");
    assert!(start.abs() < 0.15, "{:?} starts at {start}", published.plan);
    let poster = ffprobe(&published.poster, "-f jpeg_pipe -show_entries stream=codec_name,width,height");
    let fits = (f64::from(1280) / f64::from(width)).min(f64::from(720) / f64::from(height)).min(1.0);
    let [codec, w, h] = poster.lines().collect::<Vec<_>>()[..] else { panic!("{poster}") };
    let side =
        |text: &str, of: u32| (text.parse::<f64>().expect("a side") - (f64::from(of) * fits).max(1.0)).abs() <= 1.0;
    assert!(codec == "mjpeg" && side(w, width) && side(h, height), "{poster} of {width}x{height}");
}

fn encoded(published: &Published) -> bool {
    matches!(published.plan.video, VideoPlan::Encode { .. })
}

#[tokio::test]
async fn h264_with_the_index_last_is_copied_packet_by_packet() {
    let job = Job::new();
    let source = job.make(
        "source.mp4",
        &format!("{PICTURE} {TONE} {H264_AAC} -metadata title=private -metadata:s:v handler_name=phone -metadata creation_time=2020-02-02T02:02:02Z"),
    );
    let published = job.publish(&source).await.expect("published");
    plays(&published, 320, 180, 1.5);
    assert_eq!(
        (published.plan.video, published.plan.audio),
        (VideoPlan::Copy { level: None }, AudioPlan::Copy { stream: 1 })
    );
    assert_eq!(framemd5(&published.file, "-c copy"), framemd5(&source, "-c copy"), "packets or times differ");
    let tags = ffprobe(&published.file, "-show_entries format_tags:stream_tags");
    for private in ["private", "phone", "2020"] {
        assert!(!tags.contains(private), "{tags}");
    }
}

#[tokio::test]
async fn fragments_and_matroska_are_remuxed() {
    let job = Job::new();
    for (name, flags) in [("source.mp4", "-movflags frag_keyframe+empty_moov"), ("source.mkv", ""), ("source.ts", "")] {
        let source = job.make(name, &format!("{PICTURE} {TONE} {H264_AAC} {flags}"));
        let published = job.publish(&source).await.expect("published");
        assert_eq!(
            (published.plan.video, published.plan.audio),
            (VideoPlan::Copy { level: None }, AudioPlan::Copy { stream: 1 }),
            "{name}"
        );
        plays(&published, 320, 180, 1.5);
        let frames = "-map 0:v -f rawvideo -fps_mode passthrough";
        let hashes = |path: &Path| -> Vec<String> {
            let text = framemd5(path, &frames.replace("-f rawvideo ", ""));
            text.lines().filter_map(|line| line.rsplit(", ").next().map(str::to_owned)).skip(9).collect()
        };
        assert_eq!(hashes(&published.file), hashes(&source), "{name}");
    }
}

#[tokio::test]
async fn an_odd_webm_without_duration_is_encoded_even() {
    let job = Job::new();
    // Written to a pipe, as a browser's recorder does: no duration, no cues.
    let source = job.make(
        "source.webm",
        &format!("-f lavfi -i testsrc=s=641x359:r=30:d=1.5 {TONE} {VP8} -c:a libopus -live 1 -f webm"),
    );
    assert_eq!(job.probe(&source).await.duration, None);
    let published = job.publish(&source).await.expect("published");
    assert_eq!(published.plan.video, VideoPlan::Encode { width: 640, height: 358, trim: true });
    assert_eq!(published.plan.audio, AudioPlan::Encode { stream: 1, channels: 1 });
    let level = ffprobe(&published.file, "-select_streams v -show_entries stream=level");
    assert!(level.parse::<u8>().expect("a level") <= 42, "{level}");
    plays(&published, 640, 358, 1.5);
    assert_eq!(ffprobe(&published.file, "-select_streams a -show_entries stream=codec_name,profile"), "aac\nLC");
    assert_eq!(
        ffprobe(&published.file, "-select_streams v -show_entries stream=profile,sample_aspect_ratio"),
        "High\n1:1"
    );
    assert!(published.index.summary().fps > 29.0, "{:?}", published.index.summary());
}

#[tokio::test]
async fn large_pictures_are_fitted_and_h264_of_any_size_is_kept() {
    let job = Job::new();
    let source = job.make("source.webm", &format!("-f lavfi -i testsrc2=s=2560x1600:r=5:d=0.6 {VP8}"));
    plays(&job.publish(&source).await.expect("published"), 1728, 1080, 0.6);
    let source = job.make(
        "source.mp4",
        "-f lavfi -i color=c=green:s=3840x2160:r=5:d=0.6 -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
    );
    let published = job.publish(&source).await.expect("published");
    assert_eq!(published.plan.video, VideoPlan::Copy { level: None });
    plays(&published, 3840, 2160, 0.6);
}

#[tokio::test]
async fn turned_recordings_stay_upright() {
    let job = Job::new();
    // Red above, blue below, as coded.
    let picture =
        "-f lavfi -i color=c=red:s=320x96:r=10:d=1 -f lavfi -i color=c=blue:s=320x96:r=10:d=1 -filter_complex vstack";
    let h264 = job.make("h264.mp4", &format!("{picture} -c:v libx264 -preset ultrafast -pix_fmt yuv420p"));
    let mpeg4 = job.make("mpeg4.mp4", &format!("{picture} -c:v mpeg4"));
    for (codec, upright, copied) in [("h264", h264, true), ("mpeg4", mpeg4, false)] {
        for by in [90, 180, 270] {
            let source = turn(&job, &format!("{codec}{by}.mp4"), &upright, by);
            let expected = [colour(&source, "iw/4:ih/4:0:0"), colour(&source, "iw/4:ih/4:iw*3/4:ih*3/4")];
            let published = job.publish(&source).await.expect("published");
            assert_eq!(encoded(&published), !copied);
            let (width, height) = if by == 180 { (320, 192) } else { (192, 320) };
            plays(&published, width, height, 1.0);
            for shown in [&published.file, &published.poster] {
                for (crop, expected) in ["iw/4:ih/4:0:0", "iw/4:ih/4:iw*3/4:ih*3/4"].into_iter().zip(expected) {
                    let red = |c: [u8; 3]| c[0] > c[2];
                    assert_eq!(red(colour(shown, crop)), red(expected), "{codec} turned by {by}: {shown:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_browsers_do_not_play_is_encoded() {
    let job = Job::new();
    let small = "-f lavfi -i testsrc2=s=160x120:r=20:d=1";
    for (name, args) in [
        ("moving.gif", String::new()),
        ("444.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv444p".into()),
        ("ten.mkv", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p10le".into()),
        ("fields.mp4", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -flags +ildct+ilme".into()),
        ("old.avi", "-c:v mpeg4 -bf 0".into()),
        ("h264.avi", "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2".into()),
        ("disc.mpg", "-r 25 -c:v mpeg2video".into()),
        ("prores.mov", "-c:v prores_ks".into()),
        ("sound.mkv", format!("{TONE} -t 1 -c:v mpeg4 -c:a flac")),
        (
            "text.mkv",
            format!(
                "-i {} -map 0 -map 1 -c:v mpeg4",
                job.write("s.srt", b"1\n00:00:00,000 --> 00:00:01,000\nHi\n").display()
            ),
        ),
    ] {
        let source = job.make(name, &format!("{small} {args}"));
        let published = job.publish(&source).await.unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert!(encoded(&published), "{name}");
        plays(&published, 160, 120, 1.0);
    }
}

#[tokio::test]
async fn the_smallest_pictures_are_published() {
    let job = Job::new();
    for (name, args, width, height) in [
        ("dot.gif", "-f lavfi -i testsrc2=s=64x64:r=10:d=1 -vf format=gbrp,crop=1:1", 2, 2),
        ("dot.webm", "-f lavfi -i testsrc2=s=64x64:r=10:d=1 -vf format=gbrp,crop=1:1 -c:v libvpx", 2, 2),
        ("line.webm", "-f lavfi -i testsrc2=s=64x64:r=10:d=1 -vf format=gbrp,crop=33:1 -c:v libvpx", 32, 2),
    ] {
        let source = job.make(name, args);
        let published = job.publish(&source).await.unwrap_or_else(|reason| panic!("{name}: {reason}"));
        plays(&published, width, height, 1.0);
    }
    let one = job.make("one.mp4", "-f lavfi -i testsrc2=s=64x64:r=10 -frames:v 1 -c:v mpeg4");
    plays(&job.publish(&one).await.expect("published"), 64, 64, 0.1);
}

#[tokio::test]
async fn frames_keep_their_times_and_come_at_60_a_second_at_most() {
    let job = Job::new();
    // Still for a second, then moving.
    let still = "select='eq(n,0)+gte(t,1)'";
    let source =
        job.make("still.webm", &format!("-f lavfi -i testsrc2=s=64x64:r=30:d=2 -vf {still} -fps_mode vfr {VP8}"));
    let published = job.publish(&source).await.expect("published");
    plays(&published, 64, 64, 2.0);
    let times = ffprobe(&published.file, "-select_streams v -show_entries frame=pts_time");
    let times: Vec<f64> = times.lines().filter_map(|line| line.parse().ok()).collect();
    assert_eq!((times.len(), times[0]), (31, 0.0));
    assert!((times[1] - 1.0).abs() < 0.002 && (times[2] - 1.033).abs() < 0.002, "{times:?}");

    let fast = job.make("fast.webm", &format!("-f lavfi -i testsrc2=s=64x64:r=120:d=1 {VP8}"));
    let fps = job.publish(&fast).await.expect("published").index.summary().fps;
    assert!((50.0..=62.0).contains(&fps), "{fps}");
    let slow = job.make("slow.webm", &format!("-f lavfi -i testsrc2=s=64x64:r=10:d=5 {VP8} -g 1000"));
    let published = job.publish(&slow).await.expect("published");
    let keys = ffprobe(&published.file, "-select_streams v -skip_frame nokey -show_entries frame=pts_time");
    assert!(keys.lines().count() >= 3, "{keys}");
}

#[tokio::test]
async fn a_window_resized_while_recorded_keeps_one_size() {
    let job = Job::new();
    let part = |name: &str, size: &str| {
        let args = format!("-f lavfi -i testsrc2=s={size}:r=25:d=1 -c:v mpeg2video -f mpegts");
        std::fs::read(job.make(name, &args)).expect("a file")
    };
    let source = job.write("source.ts", &[part("a.ts", "320x180"), part("b.ts", "240x240")].concat());
    let published = job.publish(&source).await.expect("published");
    assert_eq!((published.index.summary().width, published.index.summary().height), (320, 180));
    let frames = ffprobe(&published.file, "-select_streams v -count_frames -show_entries stream=nb_read_frames");
    assert!(frames.parse::<u32>().expect("a number") >= 45, "{frames}");
}

#[tokio::test]
async fn a_poster_exists_when_nothing_moves() {
    let job = Job::new();
    let source = job.make("still.webm", &format!("-f lavfi -i testsrc2=s=64x64:r=1:d=1 {TONE} {VP8} -c:a libopus"));
    let published = job.publish(&source).await.expect("published");
    assert!(published.index.duration.is_some_and(|duration| duration > Duration::from_millis(1400)));
    assert!(size(&published.poster) > 0);
}

#[tokio::test]
async fn what_is_no_recording_is_refused_with_its_reason() {
    let job = Job::new();
    let h264 = job.make("h264.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let bytes = std::fs::read(&h264).expect("a file");
    let webm = std::fs::read(job.make("whole.webm", &format!("{PICTURE} {VP8}"))).expect("a file");
    let clusters = webm.windows(4).position(|id| id == b"\x1f\x43\xb6\x75").expect("a cluster");
    let playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
    for (source, reason) in [
        (job.write("empty.mp4", b""), Reason::Empty),
        (job.write("page.mp4", b"<!doctype html><html><body>Sign in</body></html>"), Reason::NotAVideo),
        (job.write("list.mp4", playlist), Reason::NotAVideo),
        (job.write("zip.mp4", b"PK\x03\x04\x14\0\x08\0"), Reason::NotAVideo),
        (job.make("photo.jpg", "-f lavfi -i testsrc2=s=64x64 -frames:v 1"), Reason::StillImage),
        (job.make("sound.mp4", "-i h264.mp4 -vn -c copy"), Reason::NoPicture),
        (job.make("sound.webm", &format!("{TONE} -c:a libopus")), Reason::NoPicture),
        (job.make("sound.ogg", &format!("{TONE} -c:a libopus")), Reason::NoPicture),
        (job.make("sound.mp3", &format!("{TONE} -c:a mp2 -f mp2")), Reason::NoPicture),
        (job.write("cut.mp4", &bytes[..bytes.len() / 2]), Reason::Truncated),
        (job.write("headers.webm", &webm[..clusters]), Reason::Unreadable),
        (job.write("hollow.webm", b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1fjunk and nothing more"), Reason::Unreadable),
    ] {
        let name = source.display().to_string();
        assert_eq!(job.publish(&source).await.map(|published| published.plan), Err(reason), "{name}");
    }
}

/// Should the sniffing ever be fooled, the fence around FFmpeg still holds.
#[tokio::test]
async fn forced_demuxers_do_not_follow_playlists() {
    let job = Job::new();
    let canary = job.make("canary.mp4", &format!("{PICTURE} {H264_AAC}"));
    let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.5,\n{}\n#EXT-X-ENDLIST\n", canary.display());
    let list = job.write("list.mp4", list.as_bytes());
    let concat = job.write("concat.mp4", format!("ffconcat version 1.0\nfile {}\n", canary.display()).as_bytes());
    for source in [&list, &concat] {
        for demuxer in [Container::Mp4, Container::Matroska, Container::Avi, Container::MpegTs] {
            let served = Served::new(source);
            let answer = tools().probe(served.input(demuxer), soon()).await;
            let found =
                answer.map(|probe| decide(&Facts::of_probe(media::Container::Mp4, 1, &probe), &Limits::new(1 << 20)));
            assert!(!matches!(found, Ok(Decision::Publish(_))), "{demuxer:?} followed {source:?}");
        }
    }
}

/// A header may claim a picture that would take gigabytes; FFmpeg is told to refuse what the index hides.
#[tokio::test]
async fn giant_pictures_are_refused_before_they_are_decoded() {
    let job = Job::new();
    let source = job.make("small.gif", "-f lavfi -i testsrc2=s=64x64:r=10:d=0.3");
    let mut bytes = std::fs::read(&source).expect("a file");
    bytes[6..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let giant = job.write("giant.gif", &bytes);
    let refused = job.publish(&giant).await.map(|published| published.plan);
    assert!(matches!(refused, Err(Reason::TooManyPixels | Reason::Unreadable)), "{refused:?}");
    assert!(mp4::read_file(&giant).is_err());
}

#[tokio::test]
async fn a_poster_is_taken_without_reading_far_beyond_it() {
    let job = Job::new();
    // As many bytes a second as a large recording has: a second of it are less than a megabyte.
    let noise = "-f lavfi -i color=gray:s=320x180:r=30:d=12,noise=alls=100:allf=t";
    let source = job.make("source.mp4", &format!("{noise} -c:v libx264 -preset ultrafast -b:v 6M -pix_fmt yuv420p"));
    assert!(size(&source) > 8 << 20, "{} bytes", size(&source));
    let (file, read) = (std::fs::read(&source).expect("a file"), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&read);
    let recording = Source::new(size(&source), move |range| {
        counted.fetch_add(range.end - range.start, Relaxed);
        let place = |at| usize::try_from(at).expect("small");
        let bytes = file[place(range.start)..place(range.end)].to_vec();
        async move { Ok(bytes.into()) }
    });
    // The index is last; the function puts it in front.
    let head = mp4::faststart(&mp4::read_file(&source).expect("an index"), &[0], None).expect("a head");
    let loopback = Loopback::start("test").expect("a port");
    let view = View::default().bytes(head.bytes).range(head.media);
    let url = loopback.read(&recording, view).expect("an address");
    let input = Input { url: &url, container: Container::Mp4 };
    tools().poster(&loopback, input, Some(Duration::from_secs(12)), soon()).await.expect("a poster");
    let read = read.load(Relaxed);
    assert!(read <= 3 << 20, "{read} bytes");
}
