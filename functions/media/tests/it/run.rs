//! Running programs: nothing given, nothing left, everything bounded.

use std::path::Path;
use std::time::{Duration, Instant};

use media::ffmpeg::{FfmpegError, RunOutput, Tools, run};

use crate::support::{Job, MEMORY, soon};

async fn shell(job: &Job, script: &str, deadline: Instant) -> Result<RunOutput, FfmpegError> {
    run(Path::new("/bin/sh"), &["-c".into(), script.into()], job.dir(), MEMORY, deadline).await
}

/// Waits until the file that the script writes names a process.
async fn pid_in(path: &Path) -> u32 {
    for _ in 0..500 {
        if let Some(pid) = std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()) {
            return pid;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the script never began");
}

/// Waits until a process is gone or a zombie.
async fn dies(pid: u32) -> bool {
    for _ in 0..500 {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) if !stat.contains(") Z ") => {}
            _ => return true,
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

const ENDLESS: &str = "echo $$ > pid; exec sleep 300";

#[tokio::test]
async fn the_deadline_kills_the_program() {
    let job = Job::new();
    let begun = Instant::now();
    let pid_file = job.path("pid");
    let (ended, pid) = tokio::join!(shell(&job, ENDLESS, Instant::now() + Duration::from_secs(1)), pid_in(&pid_file));
    assert!(matches!(ended, Err(FfmpegError::TimedOut(_))), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(dies(pid).await, "it lives on");
}

#[tokio::test]
async fn dropping_the_future_kills_the_program() {
    let job = Job::new();
    let pid_file = job.path("pid");
    let pid = tokio::select! {
        ended = shell(&job, ENDLESS, soon()) => panic!("{ended:?}"),
        pid = pid_in(&pid_file) => pid,
    };
    assert!(dies(pid).await, "it lives on");
}

#[tokio::test]
async fn nothing_of_ours_reaches_the_program() {
    let job = Job::new();
    assert!(std::env::var_os("PATH").is_some(), "there is something to hide");
    let output = run(Path::new("/usr/bin/env"), &[], job.dir(), MEMORY, soon()).await.expect("env");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let output = shell(&job, "pwd; cat", soon()).await.expect("a closed standard input");
    let directory = job.dir().canonicalize().expect("a directory");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), directory.to_str().expect("text"));
}

#[tokio::test]
async fn failures_say_what_happened_within_bounds() {
    let job = Job::new();
    let noisy = r"i=0; while [ $i -lt 20000 ]; do echo 'noise noise noise' >&2; i=$((i+1)); done
        printf '/tmp/secret/name.mp4: the \0 end \377\n' >&2; exit 7";
    let Err(FfmpegError::Failed { code, stderr, program }) = shell(&job, noisy, soon()).await else { panic!() };
    assert_eq!((code, program.as_str()), (7, "sh"));
    assert!(stderr.chars().count() <= 500 && stderr.contains("[file] the end"), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");

    let full = shell(&job, "echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", soon()).await;
    assert_eq!(full.expect_err("a full disk").reason(), None, "not the recording's fault");
    let killed = shell(&job, "kill -KILL $$", soon()).await;
    assert!(matches!(killed, Err(FfmpegError::Killed { signal: 9, .. })), "{killed:?}");
    let missing = run(&job.path("ffmpeg"), &[], job.dir(), MEMORY, soon()).await;
    assert!(matches!(missing, Err(FfmpegError::NotFound(ref name)) if name == "ffmpeg"), "{missing:?}");
    let endless = shell(&job, "head -c 1000000 /dev/zero", soon()).await;
    assert!(matches!(endless, Err(FfmpegError::Useless { .. })), "{endless:?}");
}

#[test]
fn tools_are_found_in_absolute_directories_only() {
    let job = Job::new();
    job.write("ffmpeg", b"");
    assert!(Tools::locate_in(job.dir().as_os_str(), MEMORY).is_err(), "ffprobe is missing");
    job.write("ffprobe", b"");
    let tools = Tools::locate_in(job.dir().as_os_str(), MEMORY).expect("both");
    assert_eq!((tools.ffprobe, tools.memory), (job.path("ffprobe"), MEMORY));
    assert!(Tools::locate_in("relative:".as_ref(), MEMORY).is_err());
}
