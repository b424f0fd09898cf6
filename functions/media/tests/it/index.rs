//! The index reader against FFmpeg's files and FFmpeg's view of them.

use std::time::Duration;

use media::mp4::{self, Index};
use media::{Codec, H264, Kind, Rotation};

use crate::support::{H264_AAC, Job, PICTURE, TONE, boxes, index_of, turn};

fn read(bytes: &[u8]) -> Index {
    index_of(bytes).0.expect("an index")
}

fn near(a: Duration, b: Duration) -> bool {
    a.abs_diff(b) < Duration::from_millis(70)
}

#[test]
fn index_last_first_and_between() {
    let job = Job::new();
    let last = std::fs::read(job.make("last.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"))).expect("a file");
    let (index, ranges) = index_of(&last);
    let index = index.expect("an index");
    assert!(!index.moov_before_media && !index.fragmented);
    let (_, at, length) = *boxes(&last).iter().find(|b| &b.0 == b"moov").expect("a moov");
    assert_eq!((index.moov_offset, index.moov_length), (at as u64, length as u64));
    assert!(ranges.len() <= 3, "{ranges:?}");
    assert!(near(index.duration.expect("a duration"), Duration::from_millis(1500)), "{:?}", index.duration);

    let [video, audio] = index.tracks.as_slice() else { panic!("{:?}", index.tracks) };
    let Codec::H264(found) = video.codec else { panic!("{:?}", video.codec) };
    let buffer = found.buffer.expect("a buffer");
    assert_eq!((buffer.columns, buffer.rows, buffer.reference_frames, buffer.decoded_frames), (20, 12, 4, Some(4)));
    let expected = H264 {
        profile: 77,
        level: found.level,
        chroma_format: 1,
        bit_depth: 8,
        progressive: true,
        fixed: true,
        buffer: Some(buffer),
    };
    assert_eq!(found, expected);
    assert_eq!(video.peak_fps, Some(30));
    assert_eq!((video.kind, video.width, video.height), (Kind::Video, 320, 180));
    assert_eq!((video.sample_count, video.rotation, video.edit_list), (Some(45), Rotation::None, true));
    assert!(video.fps.is_some_and(|fps| (fps - 30.0).abs() < 0.01), "{:?}", video.fps);
    assert_eq!((audio.kind, &audio.codec, audio.channels), (Kind::Audio, &Codec::Aac { object_type: 2 }, 1));
    assert_eq!((audio.timescale, audio.fps), (44_100, None));

    let first = job.make("first.mp4", "-i last.mp4 -c copy -movflags +faststart");
    let first = mp4::read_file(&first).expect("an index");
    assert!(first.moov_before_media);
    assert_eq!(first.tracks[0].sample_count, Some(45));
    assert_eq!(first.summary(), index.summary());

    let framed = [last.as_slice(), b"\0\0\0\x0cmdatmore"].concat();
    assert!(!read(&framed).moov_before_media, "an index between two mdats comes after media");
}

#[test]
fn sizes_of_64_bits_and_to_the_end() {
    let job = Job::new();
    let last = std::fs::read(job.make("last.mp4", &format!("{PICTURE} {H264_AAC}"))).expect("a file");
    // FFmpeg leaves eight bytes of `free` in front of `mdat`, so that the size can grow to 64 bits.
    let (_, free, length) = boxes(&last)[1];
    assert_eq!((&last[free + 4..free + 8], length), (&b"free"[..], 8));
    let mdat = u64::from(u32::from_be_bytes(last[free + 8..free + 12].try_into().expect("four bytes")));
    let mut wide = last.clone();
    wide[free..free + 8].copy_from_slice(b"\0\0\0\x01mdat");
    wide[free + 8..free + 16].copy_from_slice(&(mdat + 8).to_be_bytes());
    let (wide, narrow) = (read(&wide), read(&last));
    assert_eq!(wide.media.as_ref().map(|media| media.start + 8), narrow.media.as_ref().map(|media| media.start));
    assert_eq!((wide.tracks, wide.moov), (narrow.tracks, narrow.moov));

    let mut open = std::fs::read(job.make("first.mp4", "-i last.mp4 -c copy -movflags +faststart")).expect("a file");
    let whole = read(&open);
    let (_, mdat, _) = *boxes(&open).iter().find(|b| &b.0 == b"mdat").expect("media");
    open[mdat..mdat + 4].fill(0);
    assert_eq!(read(&open), whole);
}

#[test]
fn offsets_of_64_bits_are_read_and_checked() {
    let job = Job::new();
    let last = std::fs::read(job.make("last.mp4", &format!("{PICTURE} {H264_AAC} -an"))).expect("a file");
    let at = last.windows(4).rposition(|window| window == b"stco").expect("offsets");
    let mut past = last.clone();
    past[at + 12..at + 16].fill(0xff);
    assert_eq!(index_of(&past).0, Err(mp4::IndexError::Truncated), "a chunk past the end");
    let mut many = last;
    many[at + 8..at + 12].fill(0xff);
    assert!(matches!(index_of(&many).0, Err(mp4::IndexError::Malformed(_))), "more chunks than bytes");
}

#[test]
fn fragmented_files_are_known_by_their_first_fragment() {
    let job = Job::new();
    let source = format!("{PICTURE} {TONE} {H264_AAC}");
    let path = job.make("fragmented.mp4", &format!("{source} -movflags frag_keyframe+empty_moov+default_base_moof"));
    let bytes = std::fs::read(path).expect("a file");
    let (index, ranges) = index_of(&bytes);
    let index = index.expect("an index");
    assert!(index.fragmented && index.moov_before_media);
    assert_eq!((index.duration, index.tracks.len(), index.tracks[0].sample_count), (None, 2, None));
    assert!(matches!(index.tracks[0].codec, Codec::H264(_)));
    assert_eq!(ranges.len(), 1);
    let (_, moof, _) = *boxes(&bytes).iter().find(|b| &b.0 == b"moof").expect("a fragment");
    assert_eq!(index_of(&bytes[..moof]).0, Err(mp4::IndexError::Truncated), "no fragment at all");

    let path = job.make("indexed.mp4", &format!("{source} -movflags frag_keyframe+empty_moov+global_sidx"));
    let duration = mp4::read_file(&path).expect("an index").duration.expect("a duration");
    assert!(near(duration, Duration::from_millis(1500)), "{duration:?}");
}

/// Every kind of track, as ffprobe sees it too.
#[tokio::test]
async fn tracks_are_as_ffprobe_says() {
    let job = Job::new();
    let copy = |name: &str, args: &str| job.make(name, args);
    let plain = job.make("plain.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let mut files = vec![
        turn(&job, "turned.mp4", &plain, 90),
        turn(&job, "over.mp4", &plain, 180),
        turn(&job, "back.mp4", &plain, 270),
        copy("silent.mp4", "-i plain.mp4 -c copy -an"),
        copy("sound.mp4", "-i plain.mp4 -c copy -vn"),
        copy("two.mp4", "-i plain.mp4 -map 0:v -map 0:a -map 0:a -c copy -metadata:s:a:1 language=deu"),
        copy("time.mov", "-i plain.mp4 -c copy -timecode 01:00:00:00"),
        copy("quicktime.mov", "-i plain.mp4 -c:v copy -c:a pcm_s16le"),
        copy("odd.mp4", "-f lavfi -i testsrc=s=641x359:r=25:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv444p"),
        copy("ten.mp4", "-f lavfi -i testsrc2=s=128x96:r=25:d=1 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le"),
        copy("fields.mp4", "-i plain.mp4 -an -c:v libx264 -preset ultrafast -flags +ildct+ilme"),
        copy("dv.mp4", "-f lavfi -i testsrc2=s=144x96:r=25:d=1 -vf setsar=64/45 -c:v mpeg4"),
        copy(
            "rate.mp4",
            "-f lavfi -i testsrc2=s=64x64:r=30:d=2 -vf select='not(mod(n,3))+lt(n,15)' -fps_mode vfr -c:v mpeg4",
        ),
        copy("one.mp4", "-i plain.mp4 -an -frames:v 1 -c:v mpeg4"),
        copy("vp9.mp4", "-f lavfi -i testsrc2=s=64x64:r=30:d=0.5 -c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
    ];
    // Not every FFmpeg has this encoder.
    files.extend(
        job.try_make("hevc.mp4", "-i plain.mp4 -an -c:v libx265 -preset ultrafast -x265-params log-level=none"),
    );
    for file in files {
        let (index, probe) = (mp4::read_file(&file).expect("an index"), job.probe(&file).await);
        assert_eq!(index.tracks.len(), probe.tracks.len(), "{file:?}");
        let durations = (index.duration.expect("a duration"), probe.duration.expect("a duration"));
        assert!(near(durations.0, durations.1), "{file:?}: {durations:?}");
        for (ours, theirs) in index.tracks.iter().zip(&probe.tracks) {
            assert_eq!((ours.kind, ours.index), (theirs.kind, theirs.index), "{file:?}");
            if ours.kind == Kind::Video {
                let shape = |track: &media::Track| (track.width, track.height, track.rotation);
                assert_eq!(shape(ours), shape(theirs), "{file:?}");
                assert_eq!(ours.display_size(), theirs.display_size(), "{file:?}");
                let rates = (ours.fps.expect("a rate"), theirs.fps.expect("a rate"));
                assert!((rates.0 - rates.1).abs() < 0.1, "{file:?}: {rates:?}");
            }
            let plain = match &ours.codec {
                Codec::H264(parameters) => parameters.bit_depth == 8 && parameters.chroma_format == 1,
                Codec::Other(_) => false,
                _ => true,
            };
            if plain {
                let said = match ours.codec.clone() {
                    Codec::H264(stream) => Codec::H264(H264 { buffer: None, ..stream }),
                    codec => codec,
                };
                assert_eq!(said, theirs.codec, "{file:?}");
            }
        }
    }
}

#[test]
fn what_ffprobe_is_not_asked_for() {
    let job = Job::new();
    let args = format!("{PICTURE} {TONE} -map 0 -map 1 -map 1 {H264_AAC} -metadata:s:a:1 language=deu");
    let index = mp4::read_file(&job.make("two.mp4", &args)).expect("an index");
    let languages: Vec<_> = index.tracks.iter().map(|track| track.language.as_deref()).collect();
    assert_eq!(languages, [None, None, Some("deu")]);

    let odd = job.make("odd.mp4", "-f lavfi -i testsrc2=s=64x48:d=0.5 -c:v libx264 -preset ultrafast -pix_fmt yuv444p");
    let index = mp4::read_file(&odd).expect("an index");
    assert!(matches!(index.tracks[0].codec, Codec::H264(H264 { profile: 244, chroma_format: 3, .. })));
    let fields = job.make(
        "fields.mp4",
        "-f lavfi -i testsrc2=s=64x64:d=0.5 -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le -flags +ildct+ilme",
    );
    let index = mp4::read_file(&fields).expect("an index");
    assert!(matches!(index.tracks[0].codec, Codec::H264(H264 { bit_depth: 10, progressive: false, .. })));
}
