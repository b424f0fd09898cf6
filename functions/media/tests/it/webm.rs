//! Finding one's way in a WebM without index, against FFmpeg's view of the same file.

use std::path::Path;
use std::time::Duration;

use media::webm::{ClusterAt, Header, HeaderReader, LengthReader, Seek, Step, WebmError};

use crate::support::{Job, ffprobe};

/// A moving picture of 20 s with a keyframe every 3 s and a tone, as WebM.
const SOURCE: &str = "-f lavfi -i testsrc2=s=640x360:r=30:d=20 -f lavfi -i sine=d=20 -c:v libvpx-vp9 \
                      -deadline realtime -cpu-used 8 -b:v 1M -g 90 -c:a libopus -f webm";

/// Answers a reader's steps and counts them.
macro_rules! drive {
    ($reader:ident, $bytes:expr) => {{
        let mut reads = 0;
        let mut fed = Ok(());
        while let (Step::Read { offset, length }, Ok(())) = ($reader.step(), fed) {
            assert!(length > 0 && offset + length <= $bytes.len() as u64, "{offset}+{length}");
            let start = usize::try_from(offset).expect("offset");
            fed = $reader.feed(&$bytes[start..start + usize::try_from(length).expect("length")]);
            reads += 1;
        }
        (fed, reads)
    }};
}

pub(crate) fn header(bytes: &[u8]) -> Result<Header, WebmError> {
    let mut reader = HeaderReader::new(bytes.len() as u64);
    let (fed, _) = drive!(reader, bytes);
    fed?;
    reader.finish()
}

fn length(header: &Header, bytes: &[u8]) -> (Result<Duration, WebmError>, u32) {
    let mut reader = LengthReader::new(header, bytes.len() as u64);
    let (fed, reads) = drive!(reader, bytes);
    (fed.and_then(|()| reader.finish()), reads)
}

fn seek_counted(header: &Header, bytes: &[u8], t: Duration) -> (ClusterAt, u32) {
    let mut seek = Seek::new(header, bytes.len() as u64, t);
    let (fed, reads) = drive!(seek, bytes);
    fed.expect("fed");
    (seek.finish(), reads)
}

pub(crate) fn seek(header: &Header, bytes: &[u8], t: Duration) -> ClusterAt {
    seek_counted(header, bytes, t).0
}

/// What FFmpeg reads for a chunk: the header and the clusters from one on.
pub(crate) fn spliced(header: &Header, bytes: &[u8], offset: u64) -> Vec<u8> {
    [header.head.as_slice(), &bytes[usize::try_from(offset).expect("offset")..]].concat()
}

/// Byte position, time and key flag of the packets of pictures, as FFmpeg reads them from the start.
fn packets(file: &Path) -> Vec<(u64, Duration, bool)> {
    let text = ffprobe(file, "-select_streams v -show_entries packet=pts_time,pos,flags -of csv=p=0");
    let line = |line: &str| {
        let [time, pos, flags, ..] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let time = Duration::from_secs_f64(time.parse().expect("a time"));
        (pos.parse().expect("a position"), time, flags.starts_with('K'))
    };
    text.lines().filter(|line| !line.is_empty()).map(line).collect()
}

/// Byte positions of clusters; no medium of this test holds their id by chance.
fn clusters(bytes: &[u8]) -> Vec<u64> {
    let at = |(at, four): (usize, &[u8; 4])| (four == b"\x1f\x43\xb6\x75").then_some(at as u64);
    bytes.array_windows().enumerate().filter_map(at).collect()
}

/// The right answer, by reading everything: the last cluster whose first picture is a keyframe at `t` or before.
fn expected(clusters: &[u64], packets: &[(u64, Duration, bool)], t: Duration) -> u64 {
    let begins = |cluster: &&u64| {
        let next = clusters.iter().find(|next| next > cluster).copied().unwrap_or(u64::MAX);
        let first = packets.iter().find(|(at, ..)| at > cluster && *at < next);
        first.is_some_and(|(_, time, key)| *key && *time <= t)
    };
    clusters.iter().rfind(begins).copied().unwrap_or(clusters[0])
}

#[test]
fn what_a_recorder_left_out_is_found() {
    let job = Job::new();
    let live = job.make("live.webm", &format!("{SOURCE} -live 1"));
    assert_eq!(ffprobe(&live, "-show_entries format=duration"), "N/A");
    let told = job.make("told.webm", "-i live.webm -c copy");
    let large = job.make("large.webm", "-i live.webm -c copy -cluster_time_limit 30000 -cluster_size_limit 100000000");
    let silent = job.make("silent.webm", "-i live.webm -c copy -an -live 1");
    // What a page draws has transparency, which is kept beside each picture; a picture is then a group.
    let clear = "-f lavfi -i testsrc2=s=320x180:r=30:d=20 -c:v libvpx -deadline realtime -g 70 -pix_fmt yuva420p";
    let clear = job.make("clear.webm", &format!("{clear} -auto-alt-ref 0 -live 1 -f webm"));
    for (file, recorded) in [(live, true), (told, false), (large, false), (silent, true), (clear, true)] {
        let bytes = std::fs::read(&file).expect("a file");
        let header = header(&bytes).expect("a header");
        let (clusters, packets) = (clusters(&bytes), packets(&file));
        assert_eq!((header.first_cluster, header.video_track), (clusters[0], 1));
        assert_eq!((header.timestamp_scale, header.cues, header.duration.is_none()), (1_000_000, !recorded, recorded));

        let (found, reads) = length(&header, &bytes);
        let found = found.expect("a length");
        let last = packets.last().expect("packets").1;
        assert!(found >= last && found < last + Duration::from_millis(60), "{found:?}, not {last:?}");
        assert!(reads <= 3, "{reads}");

        for t in (0..=21_000).step_by(500).map(Duration::from_millis) {
            let at = seek(&header, &bytes, t);
            assert_eq!(at.offset, expected(&clusters, &packets, t), "{file:?} at {t:?}");
            assert!(at.time <= t.max(header.first_time));
        }
    }
}

/// How long a picture lasts, by the header.
fn frame(header: &Header) -> Duration {
    assert_eq!(header.video_track, 1);
    Duration::from_nanos(33_333_333)
}

/// A cluster of a recording of gigabytes: a keyframe, 7 ms after the cluster's time, then sound that fills the rest.
fn cluster(ticks: u32, length: usize) -> Vec<u8> {
    let mut bytes = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff\xe7\x84".to_vec();
    bytes.extend_from_slice(&ticks.to_be_bytes());
    bytes.extend_from_slice(b"\xa3\x85\x81\0\x07\x80\0\xa3\x01");
    let rest = length as u64 - bytes.len() as u64 - 7;
    bytes.extend_from_slice(&rest.to_be_bytes()[1..]);
    bytes.extend_from_slice(b"\x82\0\x09\x80");
    bytes.resize(length, 0x55);
    bytes
}

#[test]
fn two_hours_take_some_tens_of_ranges() {
    const CLUSTER: usize = 2_000_000;
    const COUNT: usize = 1440;
    let job = Job::new();
    let live = std::fs::read(job.make("live.webm", &format!("{SOURCE} -live 1 -t 1"))).expect("a file");
    let header = header(&live).expect("a header");
    let first = usize::try_from(header.first_cluster).expect("small");
    // Made as it is asked for: a cluster each five seconds.
    let read = |step: Step| -> Option<Vec<u8>> {
        let Step::Read { offset, length } = step else { return None };
        let offset = usize::try_from(offset).expect("offset") - first;
        let length = usize::try_from(length).expect("length");
        let (from, to) = (offset / CLUSTER, (offset + length).div_ceil(CLUSTER).min(COUNT));
        let made = (from..to).flat_map(|number| cluster(u32::try_from(number).expect("small") * 5000, CLUSTER));
        Some(made.skip(offset % CLUSTER).take(length).collect())
    };
    let size = (first + CLUSTER * COUNT) as u64;
    let mut reader = LengthReader::new(&header, size);
    while let Some(bytes) = read(reader.step()) {
        reader.feed(&bytes).expect("fed");
    }
    assert_eq!(reader.finish(), Ok(Duration::from_millis(1439 * 5000 + 7) + frame(&header)));
    for (t, cluster) in [(0, 0), (5_006, 0), (5_007, 1), (3_600_500, 720), (7_199_000, 1439), (9_000_000, 1439)] {
        let mut seek = Seek::new(&header, size, Duration::from_millis(t));
        let mut reads = 0;
        while let Some(bytes) = read(seek.step()) {
            seek.feed(&bytes).expect("fed");
            reads += 1;
        }
        assert_eq!(seek.finish().offset, (first + cluster * CLUSTER) as u64, "{t}");
        assert!(reads <= 32, "{reads} for {t}");
    }
}

#[test]
fn media_that_looks_like_a_cluster_is_passed_over() {
    let job = Job::new();
    let live = std::fs::read(job.make("live.webm", &format!("{SOURCE} -live 1 -t 1"))).expect("a file");
    let header = header(&live).expect("a header");
    let head = &live[..usize::try_from(header.first_cluster).expect("small")];
    let fakes: [&[u8]; 6] = [
        // Nothing that follows, a time of no bytes, a block of no known track, a size past the end, a cluster that is
        // followed by nothing known, a time before that of the cluster around it.
        b"\x1f\x43\xb6\x75",
        b"\x1f\x43\xb6\x75\xff\xe7\x80\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0",
        b"\x1f\x43\xb6\x75\xff\xe7\x84\0\x01\0\0\xa3\x85\x89\0\0\x80\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0",
        b"\x1f\x43\xb6\x75\x08\xff\xff\xff\xff\xe7\x81\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0",
        b"\x1f\x43\xb6\x75\x8a\xe7\x81\0\xa3\x85\x81\0\0\x80\0",
        b"\x1f\x43\xb6\x75\xff\xe7\x81\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0\xa3\x85\x81\0\0\x80\0",
    ];
    let mut bytes = head.to_vec();
    let mut real = Vec::new();
    for number in 0..40_u32 {
        real.push(bytes.len() as u64);
        let mut media = cluster(number * 5000, 300_000);
        for (place, fake) in fakes.iter().enumerate().take(5) {
            media[40_000 * (place + 1)..][..fake.len()].copy_from_slice(fake);
        }
        bytes.extend_from_slice(&media);
    }
    assert_eq!(length(&header, &bytes).0, Ok(Duration::from_millis(39 * 5000 + 7) + frame(&header)));
    for (number, offset) in real.iter().enumerate() {
        let t = Duration::from_millis(number as u64 * 5000 + 2500);
        assert_eq!(seek(&header, &bytes, t).offset, *offset, "{t:?}");
    }

    let mut second = cluster(5000, 300_000);
    second[150_000..][..fakes[5].len()].copy_from_slice(fakes[5]);
    let bytes = [head, &cluster(0, 300_000), &second, &cluster(10_000, 300_000)].concat();
    assert_eq!(seek(&header, &bytes, Duration::from_secs(8)).offset, real[1]);
}

#[test]
fn damage_neither_panics_nor_asks_without_end() {
    let job = Job::new();
    let args =
        "-f lavfi -i testsrc2=s=64x64:r=30:d=3 -f lavfi -i sine=d=3 -c:v libvpx -deadline realtime -g 30 -f webm";
    let whole = std::fs::read(job.make("live.webm", &format!("{args} -live 1"))).expect("a file");
    let good = header(&whole).expect("a header");
    let try_all = |bytes: &[u8]| {
        for header in [header(bytes).ok(), Some(good.clone())].into_iter().flatten() {
            let (_, reads) = length(&header, bytes);
            assert!(reads <= 96, "{reads}");
            if header.first_cluster <= bytes.len() as u64 {
                let (_, reads) = seek_counted(&header, bytes, Duration::from_secs(2));
                assert!(reads <= 128, "{reads}");
            }
        }
    };
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("small") % below
    };
    for _ in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..=random(20) {
            // Most of it where it hurts.
            let limit = if random(2) == 0 { 700 } else { bytes.len() };
            let at = random(limit);
            bytes[at] = [0, 0x01, 0x7f, 0x80, 0xff][random(5)];
        }
        bytes.truncate(bytes.len() - random(3) * random(20_000));
        try_all(&bytes);
    }
    // A header that ends early is an error, whatever is left of it.
    for end in 0..good.first_cluster {
        assert!(header(&whole[..usize::try_from(end).expect("small")]).is_err());
    }
    let head = &whole[..usize::try_from(good.first_cluster).expect("small")];
    let nothing_but_ids = [head, b"\x1f\x43\xb6\x75".repeat(400_000).as_slice()].concat();
    try_all(&nothing_but_ids);
}

#[test]
fn headers_out_of_bounds_are_refused() {
    let malformed = |bytes: &[u8]| matches!(header(bytes), Err(WebmError::Malformed(_)));
    assert_eq!(header(b""), Err(WebmError::Truncated));
    assert!(malformed(b"RIFF----AVI LIST"));
    assert!(malformed(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x15\x49\xa9\x66\xff"), "Info of unknown size");
    assert_eq!(
        header(b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\xec\x01\xff\xff\xff\xff\xff\xff\xfe"),
        Err(WebmError::Truncated)
    );
    let open = b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff";
    let no_picture = [open, &b"\x1f\x43\xb6\x75\xff\xe7\x81\0\xa3\x85\x81\0\0\x80\0"[..]].concat();
    assert_eq!(header(&no_picture), Err(WebmError::NoPicture));
    let scattered = [open, b"\xec\x80".repeat(300).as_slice()].concat();
    assert_eq!(header(&scattered), Err(WebmError::TooLarge));
    let large = [open, &b"\x16\x54\xae\x6b\x10\x20\0\0"[..], &vec![0; 0x20_0000]].concat();
    assert_eq!(header(&large), Err(WebmError::TooLarge), "Tracks of two megabytes");
}
