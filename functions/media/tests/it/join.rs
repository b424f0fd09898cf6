//! Chunks that were encoded apart become what one encoder would have made.

use std::path::PathBuf;
use std::process::Command;

use media::mp4::{self, Assembly, AssemblyError, Fragment, Init};

use crate::assembly::{SCREEN_H264, fragmented, packets, read};
use crate::support::{Job, ffprobe, framemd5};

type Read = (Init, Vec<Fragment>);

const TICKS: u64 = 90_000;
const SOURCE: &str = "-f lavfi -i testsrc2=s=320x180:r=30:d=20";
/// Stands still over the second boundary between chunks, and then moves.
const STILL: &str = "select='lt(t,8)+gt(t,11.234)'";

fn encoder(filters: &str) -> String {
    format!(
        "-vf {filters} -fps_mode vfr -enc_time_base 1:90000 -c:v libx264 -preset veryfast -pix_fmt yuv420p \
         -force_key_frames expr:gte(t,n_forced*2) -map_metadata -1"
    )
}

/// Encodes the seconds between `from` and `to` by themselves.
fn chunk(job: &Job, from: u64, to: u64) -> Read {
    let cut = encoder(&format!("{STILL},trim={from}:{to},setpts=PTS-{from}/TB"));
    read(&fragmented(job, &format!("{SOURCE} -copyts {cut}")), 8192).expect("fragments")
}

/// Joins chunks that begin at those seconds with a sound.
fn join(job: &Job, chunks: &[(u64, Read)], sound: &Read) -> PathBuf {
    let (mut assembly, mut media) = (Assembly::new(), Vec::new());
    let pictures = assembly.chunk(&chunks[0].1.0, 0).expect("a chunk");
    let sounds = assembly.stream(&sound.0);
    let mut waiting = sound.1.iter().peekable();
    let mut add = |assembly: &mut Assembly, stream, fragment: &Fragment| {
        assembly.add(stream, fragment).expect("added");
        media.extend_from_slice(&fragment.media);
    };
    for (start, (init, fragments)) in chunks {
        assert_eq!(assembly.chunk(init, start * TICKS), Ok(pictures));
        for fragment in fragments {
            while assembly.time(sounds) < assembly.time(pictures)
                && let Some(fragment) = waiting.next()
            {
                add(&mut assembly, sounds, fragment);
            }
            add(&mut assembly, pictures, fragment);
        }
    }
    waiting.for_each(|fragment| add(&mut assembly, sounds, fragment));
    let head = assembly.head(None).expect("a head");
    job.write("joined.mp4", &[head, media].concat())
}

/// Presentation and decode times of the pictures, in decode order.
fn times(file: &std::path::Path) -> Vec<(i64, i64)> {
    let printed = ffprobe(file, "-select_streams v -show_entries packet=pts,dts -of csv=p=0");
    let pair = |line: &str| {
        let (pts, dts) = line.trim_end_matches(',').split_once(',')?;
        Some((pts.parse().ok()?, dts.parse().ok()?))
    };
    printed.lines().map(|line| pair(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// The rule, in the plainest words: the least delay by which every picture is decoded before it is presented.
fn decode_times(presented: &[i64]) -> Vec<i64> {
    let mut sorted = presented.to_vec();
    sorted.sort_unstable();
    let fits = |d: &usize| (*d..presented.len()).all(|i| sorted[i - d] <= presented[i]);
    let d = (0..presented.len()).find(fits).expect("a delay");
    let time = |i: usize| if i < d { sorted[i] - (sorted[d] - sorted[0]) } else { sorted[i - d] };
    (0..presented.len()).map(time).collect()
}

#[test]
fn chunks_have_the_times_of_a_single_encode() {
    let job = Job::new();
    let whole = format!("{SOURCE} -f lavfi -i sine=d=20:r=48000 {} -c:a aac -movie_timescale 90000", encoder(STILL));
    let whole = job.make("whole.mp4", &format!("{whole} -movflags +faststart"));
    let chunks: Vec<_> = [(0, 5), (5, 10), (10, 15), (15, 20)].map(|(from, to)| (from, chunk(&job, from, to))).into();
    let sound = fragmented(&job, "-f lavfi -i sine=d=20:r=48000 -c:a aac -map_metadata -1");
    let joined = join(&job, &chunks, &read(&sound, 8192).expect("fragments"));

    let (ours, theirs) = (times(&joined), times(&whole));
    let presented = |times: &[(i64, i64)]| {
        let mut presented: Vec<_> = times.iter().map(|(pts, _)| *pts).collect();
        presented.sort_unstable();
        presented
    };
    assert_eq!(presented(&ours), presented(&theirs));
    let decoded: Vec<_> = ours.iter().map(|(_, dts)| *dts).collect();
    assert_eq!(decoded, decode_times(&ours.iter().map(|(pts, _)| *pts).collect::<Vec<_>>()));
    assert!(decoded.is_sorted_by(|earlier, later| earlier < later));
    assert!(ours.iter().any(|(pts, dts)| pts != dts), "B-frames");
    // One encoder's decode times follow the rule as well.
    assert_eq!(theirs.iter().map(|(_, dts)| *dts).collect::<Vec<_>>(), {
        decode_times(&theirs.iter().map(|(pts, _)| *pts).collect::<Vec<_>>())
    });

    let sound_of = |file| packets(file).into_iter().filter(|packet| packet.starts_with("stream_index=1")).collect();
    let (ours, theirs): (Vec<_>, Vec<_>) = (sound_of(&joined), sound_of(&whole));
    assert_eq!(ours, theirs);
    let extent = "-show_entries stream=start_time,duration:format=start_time,duration";
    assert_eq!(ffprobe(&joined, extent), ffprobe(&whole, extent));
    let frames = |file| {
        let md5 = framemd5(file, "-map 0:v -fps_mode passthrough");
        md5.lines()
            .filter(|line| line.starts_with("0,"))
            .filter_map(|line| line.split(',').nth(2).map(str::to_owned))
            .collect()
    };
    let (ours, theirs): (Vec<_>, Vec<_>) = (frames(&joined), frames(&whole));
    assert_eq!(ours, theirs);

    let decoded = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-xerror", "-i"])
        .arg(&joined)
        .args(["-fps_mode", "passthrough", "-f", "null", "-"])
        .output()
        .expect("ffmpeg");
    assert!(decoded.status.success() && decoded.stderr.is_empty(), "{}", String::from_utf8_lossy(&decoded.stderr));
    assert!(mp4::read_file(&joined).expect("an index").moov_before_media);
}

#[test]
fn chunks_that_do_not_belong_together_are_refused() {
    let job = Job::new();
    let (first, first_fragments) = chunk(&job, 0, 2);
    let (second, second_fragments) = chunk(&job, 2, 4);
    let mut assembly = Assembly::new();
    let stream = assembly.chunk(&first, 0).expect("a chunk");
    first_fragments.iter().for_each(|fragment| assembly.add(stream, fragment).expect("added"));
    assert_eq!(assembly.chunk(&second, TICKS), Ok(stream));
    assert_eq!(assembly.add(stream, &second_fragments[0]), Err(AssemblyError::Overlap));

    let other = "-f lavfi -i testsrc2=s=64x64:r=30:d=1";
    let (other, _) = read(&fragmented(&job, &format!("{other} {SCREEN_H264}")), 4096).expect("fragments");
    assert_eq!(
        Assembly::new().chunk(&other, 0).and(assembly.chunk(&other, 0)),
        Err(AssemblyError::DifferentDescription)
    );
    let (sound, _) = read(&fragmented(&job, "-f lavfi -i sine=d=1 -c:a aac"), 4096).expect("fragments");
    assert_eq!(Assembly::new().chunk(&sound, 0), Err(AssemblyError::NotPictures));
}
