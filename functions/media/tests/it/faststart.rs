//! Zero-copy faststart: a new head before the media as it lies, against FFmpeg's view of both files.

use std::path::{Path, PathBuf};

use media::mp4::{self, Head, Index, NotCopyable, faststart};
use media::{Codec, Decision, Facts, H264, Limits, VideoPlan, decide};

use crate::support::{H264_AAC, Job, PICTURE, TONE, boxes, ffprobe, framemd5, index_of, size, turn};

pub(crate) fn read(bytes: &[u8]) -> Index {
    index_of(bytes).0.expect("an index")
}

/// What is published: the head, then the media as it is.
pub(crate) fn assembled(head: &Head, source: &[u8]) -> Vec<u8> {
    let at = |byte: u64| usize::try_from(byte).expect("in memory");
    [head.bytes.as_slice(), &source[at(head.media.start)..at(head.media.end)]].concat()
}

/// Publishes the tracks and gives the result.
fn published(job: &Job, source: &Path, tracks: &[usize], level: Option<u8>) -> PathBuf {
    let bytes = std::fs::read(source).expect("a file");
    let head = faststart(&read(&bytes), tracks, level).unwrap_or_else(|error| panic!("{source:?}: {error}"));
    job.write("published.mp4", &assembled(&head, &bytes))
}

/// Times, sizes and flags of all packets of a stream.
fn packets(file: &Path, stream: &str) -> String {
    ffprobe(
        file,
        &format!("-select_streams {stream} -show_packets -show_entries packet=pts,dts,duration,size,flags:side_data="),
    )
}

/// The result plays as the source does, packet by packet, and begins with its index.
fn equal(result: &Path, source: &Path, streams: &[(&'static str, &'static str)]) {
    let index = mp4::read_file(result).expect("an index");
    assert!(index.moov_before_media && index.tracks.len() == streams.len(), "{index:?}");
    let bytes = std::fs::read(result).expect("a file");
    let kinds: Vec<_> = boxes(&bytes).iter().take(2).map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, [*b"ftyp", *b"moov"]);
    let told = |file: &Path, args: &str| -> Vec<String> {
        let differs = ["#extradata", "#software"];
        let text = framemd5(file, args);
        text.lines().filter(|line| !differs.iter().any(|start| line.starts_with(start))).map(str::to_owned).collect()
    };
    for (ours, theirs) in streams {
        let expected = packets(source, theirs);
        assert!(expected.lines().count() > 5, "{source:?} has nothing to compare");
        assert_eq!(packets(result, ours), expected, "{source:?} {theirs}: packets");
    }
    let maps = |pick: fn(&(&'static str, &'static str)) -> &'static str| -> String {
        streams.iter().map(|pair| format!("-map 0:{} ", pick(pair))).collect()
    };
    let (ours, theirs) = (maps(|pair| pair.0), maps(|pair| pair.1));
    for how in ["-c copy -copyts", ""] {
        assert_eq!(told(result, &format!("{ours}{how}")), told(source, &format!("{theirs}{how}")), "{source:?}: {how}");
    }
    let start = "-show_entries format=start_time,duration";
    if streams.len() == ffprobe(source, "-show_entries format=nb_streams").parse::<usize>().expect("a number") {
        assert_eq!(ffprobe(result, start), ffprobe(source, start), "{source:?}");
    }
}

const BOTH: &[(&str, &str)] = &[("v:0", "v:0"), ("a:0", "a:0")];

#[test]
fn packets_stay_as_they_are() {
    let job = Job::new();
    let plain = job.make("plain.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let late = "-f lavfi -itsoffset 0.4 -i sine=d=1";
    let early = "-f lavfi -itsoffset -0.3 -i sine=d=2";
    let sources = [
        plain.clone(),
        job.make("first.mp4", "-i plain.mp4 -c copy -movflags +faststart"),
        job.make("late.mp4", &format!("{PICTURE} {late} {H264_AAC}")),
        job.make("early.mp4", &format!("{PICTURE} {early} {H264_AAC}")),
        job.make("cut.mp4", "-ss 0.3 -i plain.mp4 -c copy"),
        job.make("shifted.mp4", "-i plain.mp4 -c copy -movflags +negative_cts_offsets"),
        job.make("rtp.mp4", "-i plain.mp4 -c copy -write_tmcd 0 -brand mp42"),
        job.make("quick.mov", "-i plain.mp4 -c copy"),
        job.make("quick-late.mov", &format!("{PICTURE} {late} {H264_AAC} -movflags +faststart")),
        turn(&job, "turned.mp4", &plain, 90),
        turn(&job, "back.mp4", &plain, 270),
        job.make(
            "rate.mp4",
            &format!("{PICTURE} {TONE} -vf select='not(mod(n,3))+lt(n,15)' -fps_mode vfr {H264_AAC} -ac 2"),
        ),
    ];
    for source in sources {
        let result = published(&job, &source, &[0, 1], None);
        equal(&result, &source, BOTH);
        let rotation = |file: &Path| mp4::read_file(file).expect("an index").tracks[0].rotation;
        assert_eq!(rotation(&result), rotation(&source), "{source:?}");
    }
    let silent = job.make("silent.mp4", "-i plain.mp4 -c copy -an");
    equal(&published(&job, &silent, &[0], None), &silent, &[("v:0", "v:0")]);
}

#[test]
fn tracks_are_dropped_and_put_in_order() {
    let job = Job::new();
    job.make("plain.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let timed = job.make("timed.mov", "-i plain.mp4 -c copy -timecode 00:00:00:00");
    assert_eq!(read(&std::fs::read(&timed).expect("a file")).tracks.len(), 3);
    equal(&published(&job, &timed, &[0, 1], None), &timed, BOTH);

    let long = "-f lavfi -i sine=f=300:d=4";
    let two = job.make("two.mp4", &format!("{PICTURE} {TONE} {long} -map 0 -map 1 -map 2 {H264_AAC}"));
    equal(&published(&job, &two, &[0, 2], None), &two, &[("v:0", "v:0"), ("a:0", "a:1")]);
    equal(&published(&job, &two, &[1, 0], None), &two, BOTH);
    let result = published(&job, &two, &[0, 1], None);
    equal(&result, &two, BOTH);
    let duration = mp4::read_file(&result).expect("an index").duration.expect("a duration").as_secs_f64();
    assert!((duration - 1.5).abs() < 0.1, "the dropped track was the longest: {duration}");

    let index = mp4::read_file(&two).expect("an index");
    for wrong in [&[][..], &[3], &[0, 0], &[0, usize::MAX]] {
        assert_eq!(faststart(&index, wrong, None), Err(NotCopyable::NoTrack), "{wrong:?}");
    }
}

#[test]
fn quicktime_becomes_iso() {
    let job = Job::new();
    let colours = "-colorspace bt709 -color_primaries bt709 -color_trc bt709";
    let source =
        job.make("quick.mov", &format!("{PICTURE} {TONE} {H264_AAC} {colours} -movflags +negative_cts_offsets"));
    let mut bytes = std::fs::read(&source).expect("a file");
    let place = |bytes: &[u8], kind: &[u8]| bytes.windows(4).position(|window| window == kind);
    // Apple's writers give offsets a sign without saying so.
    let ctts = place(&bytes, b"ctts").expect("composition offsets");
    assert_eq!(std::mem::replace(&mut bytes[ctts + 4], 0), 1);
    let source = job.write("apple.mov", &bytes);
    let result = published(&job, &source, &[0, 1], None);
    equal(&result, &source, BOTH);
    let made = std::fs::read(&result).expect("a file");
    assert!(place(&bytes, b"wave").is_some() && place(&bytes, b"nclc").is_some());
    assert!(place(&made, b"wave").is_none() && place(&made, b"nclc").is_none() && place(&made, b"nclx").is_some());
    assert_eq!(made[place(&made, b"ctts").expect("composition offsets") + 4], 1);
    let entry = place(&made, b"mp4a").expect("a description");
    assert_eq!((&made[entry + 12..entry + 14], &made[entry + 36..entry + 40]), (&b"\0\0"[..], &b"esds"[..]));
    let shown = "-show_entries stream=color_space,color_primaries,color_transfer,color_range,channels,channel_layout,sample_rate,profile";
    assert_eq!(ffprobe(&result, shown), ffprobe(&source, shown));
}

#[test]
fn nothing_of_the_recorder_stays() {
    let job = Job::new();
    let said = "-metadata title=private -metadata location=+40-074/ -metadata:s:v handler_name=phone \
                -metadata creation_time=2020-02-02T02:02:02Z -metadata:s:a language=deu";
    for name in ["said.mp4", "said.mov"] {
        let source = job.make(name, &format!("{PICTURE} {TONE} {H264_AAC} {said}"));
        let result = published(&job, &source, &[0, 1], None);
        equal(&result, &source, BOTH);
        let bytes = std::fs::read(&result).expect("a file");
        let media = mp4::read_file(&result).expect("an index").media.expect("media").start;
        let head = String::from_utf8_lossy(&bytes[..usize::try_from(media).expect("small")]).into_owned();
        for private in ["private", "+40-074", "phone", "Lavf", "Lavc", "FFMP", "udta"] {
            assert!(!head.contains(private), "{name}: {private}");
        }
        let tags = ffprobe(&result, "-show_entries format_tags:stream_tags");
        assert!(!tags.contains("2020"), "{name}: {tags}");
        assert_eq!(ffprobe(&result, "-show_entries format_tags=major_brand"), "isom");
    }
}

/// The mdat of a file of FFmpeg's, split in two at a chunk, with `between` in the middle.
fn split(source: &[u8], between: &[u8]) -> Vec<u8> {
    let (_, mdat, length) = *boxes(source).iter().find(|b| &b.0 == b"mdat").expect("media");
    let mut bytes = source.to_vec();
    let cut = offsets(source).into_iter().filter(|at| *at > mdat + length / 3).min().expect("a chunk");
    let shift = between.len() + 8;
    patch(&mut bytes, |offset| if offset >= cut { offset + shift } else { offset });
    bytes[mdat..mdat + 4].copy_from_slice(&u32::try_from(cut - mdat).expect("small").to_be_bytes());
    let rest = u32::try_from(mdat + length - cut + 8).expect("small").to_be_bytes();
    [&bytes[..cut], between, &rest, b"mdat", &bytes[cut..]].concat()
}

/// The entries of all `stco`, changed in place.
pub(crate) fn patch(bytes: &mut [u8], change: impl Fn(usize) -> usize) {
    let number =
        |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let tables: Vec<_> = bytes.windows(4).enumerate().filter(|(_, kind)| kind == b"stco").map(|(at, _)| at).collect();
    for at in tables {
        for entry in 0..number(bytes, at + 8) {
            let place = at + 12 + entry * 4;
            let changed = change(number(bytes, place));
            bytes[place..place + 4].copy_from_slice(&u32::try_from(changed).expect("32 bits").to_be_bytes());
        }
    }
}

pub(crate) fn offsets(bytes: &[u8]) -> Vec<usize> {
    let found = std::cell::RefCell::new(Vec::new());
    patch(&mut bytes.to_vec(), |offset| {
        found.borrow_mut().push(offset);
        offset
    });
    found.into_inner()
}

#[test]
fn media_is_one_stretch_or_is_not_copied() {
    let job = Job::new();
    let path = job.make("plain.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let plain = std::fs::read(&path).expect("a file");
    for between in [&b""[..], b"\0\0\0\x0cfreexxxx\0\0\0\x08wide"] {
        let two = split(&plain, between);
        let source = job.write("two.mp4", &two);
        assert_eq!(boxes(&two).iter().filter(|b| &b.0 == b"mdat").count(), 2);
        assert_eq!(packets(&source, "v:0"), packets(&path, "v:0"), "the split itself is right");
        equal(&published(&job, &source, &[0, 1], None), &source, BOTH);
    }
    for between in [&b"\0\0\0\x0cuuidxxxx"[..], b"\0\0\0\x08moof", b"\0\0\0\x08meta"] {
        let index = read(&split(&plain, between));
        assert_eq!((index.media.clone(), faststart(&index, &[0], None)), (None, Err(NotCopyable::Scattered)));
    }
    let around = read(&[plain.as_slice(), b"\0\0\0\x0cmdatmore"].concat());
    assert_eq!((around.media.clone(), faststart(&around, &[0], None)), (None, Err(NotCopyable::Scattered)));
    let pieces = job.make("pieces.mp4", "-i plain.mp4 -c copy -movflags frag_keyframe+empty_moov");
    let pieces = mp4::read_file(&pieces).expect("an index");
    assert_eq!((pieces.media.clone(), faststart(&pieces, &[0], None)), (None, Err(NotCopyable::Scattered)));

    // A 64-bit header, and one without a size.
    let (_, free, _) = boxes(&plain)[1];
    let mdat = u64::from(u32::from_be_bytes(plain[free + 8..free + 12].try_into().expect("four bytes")));
    let mut wide = plain.clone();
    wide[free..free + 8].copy_from_slice(b"\0\0\0\x01mdat");
    wide[free + 8..free + 16].copy_from_slice(&(mdat + 8).to_be_bytes());
    let source = job.write("wide.mp4", &wide);
    let head = faststart(&read(&wide), &[0, 1], None).expect("a head");
    let result = job.write("published.mp4", &assembled(&head, &wide));
    assert_eq!(packets(&result, "v:0"), packets(&source, "v:0"));
    let mut open = std::fs::read(job.make("first.mp4", "-i plain.mp4 -c copy -movflags +faststart")).expect("a file");
    let (_, mdat, _) = *boxes(&open).iter().find(|b| &b.0 == b"mdat").expect("media");
    open[mdat..mdat + 4].fill(0);
    let head = faststart(&read(&open), &[0, 1], None).expect("a head");
    let result = job.write("published.mp4", &assembled(&head, &open));
    assert_eq!(packets(&result, "a:0"), packets(&path, "a:0"));
}

#[test]
fn a_needless_level_is_mended() {
    let job = Job::new();
    let high = format!("{PICTURE} {TONE} {H264_AAC} -level 62");
    let source = job.make("high.mp4", &high);
    let index = mp4::read_file(&source).expect("an index");
    assert!(matches!(index.tracks[0].codec, Codec::H264(H264 { level: 62, .. })), "{:?}", index.tracks[0]);
    let planned = |index: &Index| match decide(&Facts::of_index(1, index), &Limits::new(1)) {
        Decision::Publish(plan) => plan.video,
        Decision::Reject(reason) => panic!("{reason}"),
    };
    assert_eq!(planned(&index), VideoPlan::Copy { level: Some(42) });
    let result = published(&job, &source, &[0, 1], Some(42));
    equal(&result, &source, BOTH);
    assert_eq!(ffprobe(&result, "-select_streams v -show_entries stream=level"), "42");
    let mended = mp4::read_file(&result).expect("an index");
    assert!(matches!(mended.tracks[0].codec, Codec::H264(H264 { level: 42, .. })));
    assert_eq!(planned(&mended), VideoPlan::Copy { level: None });
    assert_eq!(size(&result), size(&published(&job, &source, &[0, 1], None)), "sizes stay");

    let held = "-f lavfi -i testsrc2=s=1920x1080:r=30:d=0.7 -c:v libx264 -preset ultrafast -bf 0 -pix_fmt yuv420p";
    let index = mp4::read_file(&job.make("held.mp4", &format!("{held} -level 62 -refs 8"))).expect("an index");
    assert!(matches!(planned(&index), VideoPlan::Encode { .. }), "eight frames are more than 4.2 holds");
    let fast = "-f lavfi -i color=s=1920x1080:r=120:d=0.7 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -level 62";
    let index = mp4::read_file(&job.make("fast.mp4", fast)).expect("an index");
    assert!(matches!(planned(&index), VideoPlan::Encode { .. }), "84 frames in a second: {:?}", index.tracks[0]);
}

#[tokio::test]
async fn ffmpeg_mends_the_same_level() {
    let job = Job::new();
    let source = job.make("high.mp4", &format!("{PICTURE} {TONE} {H264_AAC} -level 62"));
    let published = job.publish(&source).await.expect("published");
    assert_eq!(published.plan.video, VideoPlan::Copy { level: Some(42) });
    assert_eq!(ffprobe(&published.file, "-select_streams v -show_entries stream=level"), "42");
    let decoded = |file: &Path| framemd5(file, "-map 0:v");
    assert_eq!(decoded(&published.file), decoded(&source));
}
