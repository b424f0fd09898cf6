//! Honest recordings of unusual kinds.

use super::{
    Case, Expected, H264, PICTURE, TONE,
    boxes::{self, Content, Node, below, edit, parse, set, word, write},
    case, heard, ready, silent,
};
use crate::footage;

const VP8: &str = "-c:v libvpx -deadline realtime -cpu-used 8";

/// All of them.
pub async fn all() -> Vec<Case> {
    let (silent, heard) = (silent().await, heard().await);
    let mut cases = containers().await;
    cases.extend(codecs().await);
    cases.extend(pictures(&silent).await);
    cases.extend(tracks(&heard).await);
    cases.extend(layouts(&silent, &heard).await);
    cases
}

async fn made(name: &str, arguments: &str, ending: &str, expected: Expected) -> Case {
    case(name, footage::make(arguments, ending).await, expected)
}

async fn containers() -> Vec<Case> {
    let both = ready(64, 48, 1.0).heard();
    let h264 = format!("{PICTURE} {TONE} {H264} -c:a aac");
    vec![
        made("Matroska with H.264", &h264, "mkv", both.clone()).await,
        made("MPEG-TS", &h264, "ts", both.clone()).await,
        made("FLV", &h264, "flv", both.clone()).await,
        made("AVI", &format!("{PICTURE} {TONE} -c:v mpeg4 -c:a mp3"), "avi", both.clone()).await,
        made(
            "Ogg",
            &format!("{PICTURE} {TONE} -c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis -f ogg"),
            "ogv",
            both.clone(),
        )
        .await,
        made("GIF", PICTURE, "gif", ready(64, 48, 1.0)).await,
        made("WebM", &format!("{PICTURE} {TONE} {VP8} -c:a libopus"), "webm", both.clone()).await,
        made(
            "WebM without duration or cues, as MediaRecorder writes it",
            &format!("{PICTURE} {TONE} {VP8} -c:a libopus -live 1"),
            "webm",
            both,
        )
        .await,
    ]
}

async fn codecs() -> Vec<Case> {
    let plain = ready(64, 48, 1.0);
    let x264 = "-c:v libx264 -preset ultrafast";
    let of = |codec: &str| format!("{PICTURE} {codec}");
    vec![
        made("10-bit", &of(&format!("{x264} -pix_fmt yuv420p10le")), "mp4", plain.clone()).await,
        made("4:4:4", &of(&format!("{x264} -pix_fmt yuv444p")), "mp4", plain.clone()).await,
        made("HEVC", &of("-c:v libx265 -preset ultrafast -x265-params log-level=none"), "mp4", plain.clone()).await,
        made("AV1", &of("-c:v libaom-av1 -cpu-used 8"), "mp4", plain.clone()).await,
        made("VP9 in MP4", &of("-c:v libvpx-vp9 -deadline realtime -cpu-used 8"), "mp4", plain).await,
        made("ProRes", &format!("{PICTURE} {TONE} -c:v prores -c:a pcm_s16le"), "mov", ready(64, 48, 1.0).heard())
            .await,
    ]
}

async fn pictures(silent: &[u8]) -> Vec<Case> {
    let sized = |size: &str, rest: &str| format!("-f lavfi -i testsrc2=size={size}:rate=10:duration=1 {rest}");
    let turned = edit(silent, "moov/trak/tkhd", |tkhd| {
        // A quarter turn clockwise, as phones write it (§8.3.2).
        for (place, value) in [0, 0x10000, 0, 0xffff_0000, 0, 0].into_iter().enumerate() {
            set(tkhd, 40 + 4 * place, value);
        }
    });
    let uneven = "-vf select='not(mod(n,3))+lt(n,4)' -fps_mode vfr";
    let still = edit(&boxes::without(silent, "moov/trak", b"edts"), "moov/trak/mdia/minf/stbl/stts", |stts| {
        set(stts, 12, 0);
    });
    let still = edit(&still, "moov/mvhd", |mvhd| set(mvhd, 16, 0));
    let still = edit(&still, "moov/trak/tkhd", |tkhd| set(tkhd, 20, 0));
    let still = edit(&still, "moov/trak/mdia/mdhd", |mdhd| set(mdhd, 16, 0));
    vec![
        case("rotation metadata", turned, ready(48, 64, 1.0).copied()),
        made("odd sides", &sized("63x47", VP8), "webm", ready(62, 46, 1.0)).await,
        made(
            "a single pixel",
            "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -vf format=rgb24,crop=1:1 -c:v png",
            "mov",
            ready(2, 2, 1.0),
        )
        .await,
        made("a varying frame rate", &format!("{PICTURE} {uneven} {H264}"), "mp4", ready(64, 48, 1.0).copied()).await,
        made("one frame", &format!("{PICTURE} {H264} -frames:v 1"), "mp4", ready(64, 48, 0.1).copied()).await,
        case("no duration at all", still, Expected::Either),
    ]
}

async fn tracks(heard: &[u8]) -> Vec<Case> {
    let both = ready(64, 48, 1.0).heard();
    let h264 = format!("{PICTURE} {TONE} {H264} -c:a aac");
    let unknown = {
        let mut boxes = parse(heard);
        let moov = below(&mut boxes, "moov");
        let mut track = moov.iter().rfind(|node| node.kind == *b"trak").expect("a track").clone();
        let Content::Boxes(inner) = &mut track.content else { unreachable!("a container") };
        let hdlr = below(inner, "mdia").iter_mut().find(|node| node.kind == *b"hdlr").expect("a handler");
        let Content::Fields(fields) = &mut hdlr.content else { unreachable!("fields") };
        fields[8..12].copy_from_slice(b"meta");
        let tkhd = inner.iter_mut().find(|node| node.kind == *b"tkhd").expect("a header");
        let Content::Fields(fields) = &mut tkhd.content else { unreachable!("fields") };
        set(fields, 12, 3);
        moov.push(track);
        write(&boxes)
    };
    vec![
        made("two sounds", &h264.replace("-c:v", "-map 0 -map 1 -map 1 -c:v"), "mp4", both.clone().copied()).await,
        made("a timecode track", &format!("{h264} -timecode 01:00:00:00"), "mov", both.clone()).await,
        case("a data track", unknown, both.copied()),
        made("no picture", &format!("{TONE} -c:a aac"), "mp4", Expected::Failed(&["picture"])).await,
        made("no picture, by a browser", &format!("{TONE} -c:a libopus"), "webm", Expected::Failed(&["picture"])).await,
    ]
}

async fn layouts(silent: &[u8], heard: &[u8]) -> Vec<Case> {
    let (plain, both) = (ready(64, 48, 1.0).copied(), ready(64, 48, 1.0).heard().copied());
    let h264 = format!("{PICTURE} {TONE} {H264} -c:a aac");
    let fragmented = format!("{h264} -bf 0 -movflags +frag_keyframe+empty_moov+default_base_moof");
    let late = "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 -itsoffset 0.4 -f lavfi -i sine=duration=0.6";
    vec![
        case("the index last", silent, plain.clone()),
        made("the index first", &format!("{h264} -movflags +faststart"), "mp4", both.clone()).await,
        made("fragments", &fragmented, "mp4", ready(64, 48, 1.0).heard()).await,
        made("negative composition offsets", &format!("{h264} -movflags +negative_cts_offsets"), "mp4", both.clone())
            .await,
        made("sound that begins late", &format!("{late} {H264} -c:a aac"), "mp4", ready(64, 48, 1.0).heard()).await,
        case("a beginning cut off by an edit list", trimmed(silent), ready(64, 48, 0.5)),
        case("offsets of 64 bits", wide_offsets(heard), both.clone()),
        case("media of 64 bits", wide_media(heard), both.clone()),
        case("media in two parts", two_parts(heard), both),
    ]
}

/// `co64` in place of every `stco` (§8.7.5).
fn wide_offsets(file: &[u8]) -> Vec<u8> {
    each_offset_table(file, |kind, fields| {
        let offsets = fields[8..].as_chunks::<4>().0.iter().flat_map(|offset| [[0; 4], *offset].concat());
        *fields = fields[..8].iter().copied().chain(offsets).collect();
        *kind = *b"co64";
    })
}

/// `mdat` with a length of 64 bits, in the place of the `free` box that FFmpeg leaves in front of it.
fn wide_media(file: &[u8]) -> Vec<u8> {
    let mut wide = file.to_vec();
    let at = file.windows(4).position(|window| window == b"free").expect("a free box") - 4;
    assert_eq!((word(file, at), &file[at + 12..at + 16]), (8, &b"mdat"[..]), "an empty box before the media");
    let length = u64::from(word(file, at + 8)) + 8;
    wide[at..at + 8].copy_from_slice(b"\0\0\0\x01mdat");
    wide[at + 8..at + 16].copy_from_slice(&length.to_be_bytes());
    wide
}

/// The media in two boxes, apart at the last chunk.
fn two_parts(file: &[u8]) -> Vec<u8> {
    let mut apart = 0;
    let _ = each_offset_table(file, |_, fields| apart = apart.max(word(fields, fields.len() - 4)));
    let file = each_offset_table(file, |_, fields| {
        for at in (8..fields.len()).step_by(4) {
            let offset = word(fields, at);
            set(fields, at, if offset >= apart { offset + 8 } else { offset });
        }
    });
    let mut boxes = parse(&file);
    let at = boxes.iter().position(|node| node.kind == *b"mdat").expect("media");
    let begins = write(&boxes[..at]).len() + 8;
    let Content::Fields(media) = &mut boxes[at].content else { unreachable!("fields") };
    let second = media.split_off(apart as usize - begins);
    boxes.insert(at + 1, Node::new(b"mdat", second));
    write(&boxes)
}

/// An edit list that begins half a second into the media (§8.6.6).
fn trimmed(file: &[u8]) -> Vec<u8> {
    let mut scale = 0;
    let file = edit(file, "moov/trak/mdia/mdhd", |mdhd| scale = word(mdhd, 12));
    let file = edit(&file, "moov/mvhd", |mvhd| set(mvhd, 16, 500));
    let file = edit(&file, "moov/trak/tkhd", |tkhd| set(tkhd, 20, 500));
    edit(&file, "moov/trak/edts/elst", |elst| {
        set(elst, 8, 500);
        let begins = word(elst, 12);
        set(elst, 12, begins + scale / 2);
    })
}

fn each_offset_table(file: &[u8], mut change: impl FnMut(&mut [u8; 4], &mut Vec<u8>)) -> Vec<u8> {
    let mut boxes = parse(file);
    for track in below(&mut boxes, "moov").iter_mut().filter(|node| node.kind == *b"trak") {
        let Content::Boxes(inner) = &mut track.content else { unreachable!("a container") };
        for node in below(inner, "mdia/minf/stbl").iter_mut().filter(|node| node.kind == *b"stco") {
            let Content::Fields(fields) = &mut node.content else { unreachable!("fields") };
            change(&mut node.kind, fields);
        }
    }
    write(&boxes)
}
