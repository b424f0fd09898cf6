//! Running programs: nothing given, nothing left, everything bounded.

use std::path::Path;
use std::time::{Duration, Instant};

use media::ffmpeg::{FfmpegError, RunOutput, Tools, run};

use crate::support::{Job, MEMORY, soon, tools};

async fn shell(script: &str, deadline: Instant) -> Result<RunOutput, FfmpegError> {
    run(Path::new("/bin/sh"), &["-c".into(), script.into()], MEMORY, deadline).await
}

/// Waits until a process was started with this argument.
async fn pid_of(argument: &Path) -> u32 {
    let argument = argument.to_str().expect("text").as_bytes();
    for _ in 0..500 {
        for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(pid) = pid.filter(|_| line.split(|byte| *byte == 0).any(|word| word == argument)) {
                return pid;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never began");
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

/// Goes on without end, and is found by the file that it is given.
async fn endless(named: &Path, deadline: Instant) -> Result<RunOutput, FfmpegError> {
    run(Path::new("/usr/bin/tail"), &["-f".into(), named.to_str().expect("text").into()], MEMORY, deadline).await
}

#[tokio::test]
async fn the_deadline_kills_the_program() {
    let job = Job::new();
    let begun = Instant::now();
    let named = job.write("endless", b"");
    let (ended, pid) = tokio::join!(endless(&named, Instant::now() + Duration::from_secs(1)), pid_of(&named));
    assert!(matches!(ended, Err(FfmpegError::TimedOut(_))), "{ended:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert!(dies(pid).await, "it lives on");
}

#[tokio::test]
async fn dropping_the_future_kills_the_program() {
    let job = Job::new();
    let named = job.write("endless", b"");
    let pid = tokio::select! {
        ended = endless(&named, soon()) => panic!("{ended:?}"),
        pid = pid_of(&named) => pid,
    };
    assert!(dies(pid).await, "it lives on");
}

#[tokio::test]
async fn nothing_of_ours_reaches_the_program() {
    assert!(std::env::var_os("PATH").is_some(), "there is something to hide");
    let output = run(Path::new("/usr/bin/env"), &[], MEMORY, soon()).await.expect("env");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let output = shell("pwd; cat", soon()).await.expect("a closed standard input");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "/");
}

#[tokio::test]
async fn failures_say_what_happened_within_bounds() {
    let job = Job::new();
    let noisy = r"i=0; while [ $i -lt 20000 ]; do echo 'noise noise noise' >&2; i=$((i+1)); done
        printf '/tmp/secret/name.mp4: the \0 end \377\n' >&2; exit 7";
    let Err(FfmpegError::Failed { code, stderr, program }) = shell(noisy, soon()).await else { panic!() };
    assert_eq!((code, program.as_str()), (7, "sh"));
    assert!(stderr.chars().count() <= 500 && stderr.contains("[file] the end"), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");

    let full = shell("echo 'av_interleaved_write_frame(): No space left on device' >&2; exit 1", soon()).await;
    assert_eq!(full.expect_err("a full disk").reason(), None, "not the recording's fault");
    let killed = shell("kill -KILL $$", soon()).await;
    assert!(matches!(killed, Err(FfmpegError::Killed { signal: 9, .. })), "{killed:?}");
    let missing = run(&job.path("ffmpeg"), &[], MEMORY, soon()).await;
    assert!(matches!(missing, Err(FfmpegError::NotFound(ref name)) if name == "ffmpeg"), "{missing:?}");
    let endless = shell("head -c 1000000 /dev/zero", soon()).await;
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

#[tokio::test]
async fn a_command_that_ffmpeg_does_not_understand_is_not_the_recordings_fault() {
    for wrong in [
        "-nonsense 1 -i SOURCE -f null -",
        "-i SOURCE -vf nonsense -f null -",
        "-i SOURCE -vf setpts=(( -f null -",
        "-i SOURCE -c:v nonsense -f null -",
        "-i SOURCE -c:v libx264 -profile:v nonsense -f null -",
        "-i SOURCE -f nonsense -",
    ] {
        let args =
            format!("-nostdin -hide_banner -loglevel error -f lavfi {}", wrong.replace("SOURCE", "color=s=64x64:d=1"));
        let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
        let failed = run(&tools().ffmpeg, &args, MEMORY, soon()).await.expect_err(wrong);
        assert!(matches!(failed, FfmpegError::Misunderstood { .. }) && failed.reason().is_none(), "{wrong}: {failed}");
    }
}
