//! What FFmpeg may take, and what becomes of a recording that asks for more.

use std::path::{Path, PathBuf};
use std::time::Duration;

use media::Reason;
use media::ffmpeg::{FfmpegError, Tools, run};

use crate::support::{Job, MEMORY, Published, ffprobe, soon, tools};

/// More than a small picture takes with the threads of any machine, and less than 4,000 seconds of silence.
const SMALL: u64 = 768 << 20;

/// A tone that pauses after a second, for so many seconds; so does the picture.
fn paused(job: &Job, seconds: u32) -> PathBuf {
    let late = format!("='if(gt(T,1),PTS+{seconds}/TB,PTS)'");
    job.make(
        "paused.webm",
        &format!(
            "-f lavfi -i testsrc2=s=160x120:r=5:d=2 -f lavfi -i sine=d=1.5 -vf setpts{late} -af asetpts{late} \
             -fps_mode vfr -c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus"
        ),
    )
}

/// Times of the packets of sound, in seconds.
fn sound(published: &Published) -> Vec<f64> {
    let times = ffprobe(&published.file, "-select_streams a -show_entries packet=pts_time");
    times.lines().filter_map(|line| line.parse().ok()).collect()
}

#[tokio::test]
async fn a_short_pause_in_the_sound_is_filled() {
    let job = Job::new();
    let source = paused(&job, 20);
    let times = sound(&job.publish(&source).await.expect("published"));
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] < 0.1), "{times:?}");
    assert!(times.last().is_some_and(|last| (last - 21.5).abs() < 0.1), "{times:?}");
}

#[cfg_attr(not(target_os = "linux"), ignore = "only Linux limits another process")]
#[tokio::test]
async fn a_pause_too_long_to_fill_is_published_as_it_is() {
    let job = Job::new();
    let source = paused(&job, 4000);
    let published = job.publish_with(&Tools { memory: SMALL, ..tools() }, &source).await.expect("published");
    let times = sound(&published);
    // Silence would be 187,500 packets, each of which was in memory at once.
    assert!(times.len() < 200, "{} packets of sound", times.len());
    assert!(times.last().is_some_and(|last| (last - 4001.5).abs() < 0.1), "{times:?}");
    let length = published.index.duration.expect("a duration");
    assert!(length.abs_diff(Duration::from_secs(4002)) < Duration::from_millis(500), "{length:?}");
}

#[cfg_attr(not(target_os = "linux"), ignore = "only Linux limits another process")]
#[tokio::test]
async fn a_program_cannot_take_more_than_its_memory() {
    // The limit comes from outside: the script asks until it has one.
    let script = r#"until [ "$(ulimit -d)" != unlimited ]; do :; done; ulimit -d; ulimit -Hd"#;
    let output = run(Path::new("/bin/sh"), &["-c".into(), script.into()], SMALL, soon()).await;
    let kilobytes = SMALL / 1024;
    assert_eq!(String::from_utf8_lossy(&output.expect("a limit").stdout), format!("{kilobytes}\n{kilobytes}\n"));
}

#[tokio::test]
async fn want_of_memory_is_told_from_damage_even_after_a_success() {
    for (said, code) in [
        ("Error while decoding stream #0:0: Cannot allocate memory", 1),
        ("[vf#0:0 @ 0x7fd118d76700] Error while filtering: Out of memory", 244),
        ("[out#0/mp4 @ 0x7fb8447d81c0] pthread_create() failed: Resource temporarily unavailable", 245),
        ("x264 [error]: malloc of size 1234 failed", 1),
        ("Error marking filters as finished", 1),
        ("[SWR] Failed to compensate for timestamp delta of 4000.000500", 0),
    ] {
        let script = format!("echo '{said}' >&2; exit {code}");
        let ended = run(Path::new("/bin/sh"), &["-c".into(), script], MEMORY, soon()).await;
        let error = ended.expect_err("no success");
        assert!(matches!(error, FfmpegError::OutOfMemory { .. }), "{error}");
        assert_eq!(error.reason(), Some(Reason::TooMuchMemory), "{error}");
    }
}
