//! Small files that claim to be huge, and short ones that claim to be long.

use super::{
    Case, Expected, H264, PICTURE,
    boxes::{describe, edit, set, word, write},
    case, h264, silent,
};
use crate::footage;

const TOO_LARGE: Expected = Expected::Failed(&["too large"]);
const TOO_LONG: Expected = Expected::Failed(&["longer than"]);

/// All of them.
pub async fn all() -> Vec<Case> {
    let silent = silent().await;
    let mut cases = vec![
        case("an index that claims 200 MB", claims_index(&silent, 200 << 20), Expected::Failed(&["missing"])),
        case("an index of 65 MiB", padded_index(&silent, 65 << 20), Expected::Failed(&["index"])),
    ];
    cases.extend(pictures(&silent).await);
    cases.extend(lengths(&silent).await);
    cases
}

fn claims_index(file: &[u8], length: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(4).rposition(|window| window == b"moov").expect("an index") - 4;
    set(&mut file, at, length);
    file
}

/// Over the bound of the index reader, and all there.
fn padded_index(file: &[u8], length: usize) -> Vec<u8> {
    let mut boxes = super::boxes::parse(file);
    super::boxes::below(&mut boxes, "moov").push(super::boxes::Node::new(b"free", vec![0; length]));
    write(&boxes)
}

async fn pictures(silent: &[u8]) -> Vec<Case> {
    let huge = h264::sequence(1024, 1024);
    let configured = |file: &[u8]| {
        edit(file, "moov/trak/mdia/minf/stbl/stsd", |stsd| {
            describe(stsd, |_, inner| {
                let avcc = inner.iter_mut().find(|node| node.kind == *b"avcC").expect("avcC");
                let super::boxes::Content::Fields(fields) = &mut avcc.content else { unreachable!("fields") };
                *fields = h264::configuration(fields, &huge);
            });
        })
    };
    let png = footage::make(&format!("{PICTURE} -frames:v 1 -c:v png"), "mov").await;
    let vp8 = footage::make(&format!("{PICTURE} -c:v libvpx -deadline realtime -cpu-used 8"), "webm").await;
    vec![
        case("16,384 pixels a side, by every header", configured(&of_size(silent, 16_384, 16_384)), TOO_LARGE),
        case("16,384 pixels a side, by the track", of_size(silent, 16_384, 16_384), TOO_LARGE),
        case("16,384 pixels a side, by the parameter set", configured(silent), TOO_LARGE),
        case("65,535 pixels a side", of_size(silent, 65_535, 65_535), TOO_LARGE),
        case("no pixels", of_size(silent, 0, 0), Expected::Either),
        case("a PNG of 16,384 pixels a side", png_of(&of_size(&png, 16_384, 16_384), 16_384), TOO_LARGE),
        case("a PNG of 16,384 pixels a side in a small track", png_of(&png, 16_384), Expected::Failed(&[""])),
        case("a PNG of two billion pixels a side in a small track", png_of(&png, 0x7fff_ffff), Expected::Failed(&[""])),
        case("a parameter set of 16,384 pixels a side among the media", in_band(silent, &huge), Expected::Either),
        case("VP8 frames of 16,383 pixels a side in a small track", vp8_of(&vp8), Expected::Either),
    ]
}

/// A file whose track claims these pixels.
fn of_size(file: &[u8], width: u16, height: u16) -> Vec<u8> {
    let file = edit(file, "moov/trak/tkhd", |tkhd| {
        set(tkhd, 76, u32::from(width) << 16);
        set(tkhd, 80, u32::from(height) << 16);
    });
    edit(&file, "moov/trak/mdia/minf/stbl/stsd", |stsd| {
        describe(stsd, |entry, _| {
            entry[24..26].copy_from_slice(&width.to_be_bytes());
            entry[26..28].copy_from_slice(&height.to_be_bytes());
        });
    })
}

/// A file whose first PNG claims this many pixels a side, its checksum right (RFC 2083 §4.1.1, appendix 15).
fn png_of(file: &[u8], side: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(4).position(|window| window == b"IHDR").expect("a PNG");
    set(&mut file, at + 4, side);
    set(&mut file, at + 8, side);
    let mut sum = u32::MAX;
    for byte in &file[at..at + 17] {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    set(&mut file, at + 17, !sum);
    file
}

/// The note that x264 leaves in the first sample makes room for a parameter set, and filler for the rest.
fn in_band(file: &[u8], sequence: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = file.windows(4).position(|window| window == b"mdat").expect("media") + 4;
    let room = word(&file, at) as usize;
    assert_eq!(file[at + 4] & 0x1f, 6, "x264's note comes first");
    let length = |bytes: usize| u32::try_from(bytes).expect("a short unit").to_be_bytes();
    let filler = room - sequence.len() - 4;
    let mut units = [&length(sequence.len())[..], sequence, &length(filler), &[0x0c]].concat();
    units.resize(room + 3, 0xff);
    units.push(0x80);
    file[at..at + 4 + room].copy_from_slice(&units);
    file
}

/// Every keyframe claims the largest size (RFC 6386 §9.1).
fn vp8_of(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let starts: Vec<usize> = (0..file.len() - 7).filter(|at| file[*at..at + 3] == [0x9d, 0x01, 0x2a]).collect();
    for at in starts {
        file[at + 3..at + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    }
    file
}

async fn lengths(silent: &[u8]) -> Vec<Case> {
    // Fourteen hours of one frame a second: a minute that is copied again and again.
    let minute = |codec: &str| format!("-f lavfi -i color=size=16x16:rate=1:duration=60 {codec}");
    let vp8 =
        looped(&footage::make(&minute("-c:v libvpx -deadline realtime -cpu-used 8 -g 999"), "webm").await, "webm")
            .await;
    let h264 = looped(&footage::make(&minute("-c:v libx264 -pix_fmt yuv420p"), "mkv").await, "mkv").await;
    let pauses = "-f lavfi -i testsrc2=size=64x48:rate=1:duration=50 -vf setpts=1000*PTS -fps_mode vfr \
                  -c:v libvpx -deadline realtime -cpu-used 8 -live 1";
    let hours = 14 * 3600;
    let slow = edit(silent, "moov/trak/mdia/minf/stbl/stts", |stts| {
        (12..stts.len()).step_by(8).for_each(|at| set(stts, at, 0x7fff_ffff));
    });
    let slow_by_all = edit(&slow, "moov/mvhd", |mvhd| set(mvhd, 16, hours * 1000));
    let slow_by_all = edit(&slow_by_all, "moov/trak/tkhd", |tkhd| set(tkhd, 20, hours * 1000));
    let jpegs = footage::make(&format!("{PICTURE} -c:v mjpeg"), "mov").await;
    let jpegs = edit(&jpegs, "moov/trak/mdia/minf/stbl/stts", |stts| set(stts, 12, 0x7fff_ffff));
    vec![
        case("durations of hours, as every header says", slow_by_all, TOO_LONG),
        case("durations of hours that only the samples tell", slow, TOO_LONG),
        case("durations of hours of a picture that is encoded", jpegs, TOO_LONG),
        case("fourteen hours of one VP8 frame, in no header", vp8, TOO_LONG),
        case("fourteen hours of one H.264 frame, in no header", h264, TOO_LONG),
        case("fourteen hours in fifty frames, in no header", footage::make(pauses, "webm").await, TOO_LONG),
        case(
            "fourteen hours in fifty frames, by the header",
            footage::make(&pauses.replace(" -live 1", ""), "webm").await,
            TOO_LONG,
        ),
        case("fragments of hours", slow_fragments().await, Expected::Either),
    ]
}

/// Fourteen hours of a minute, without a header that says so.
async fn looped(minute: &[u8], ending: &str) -> Vec<u8> {
    let place = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(place.path(), minute).expect("a file");
    let arguments = format!("-stream_loop 840 -i {} -c copy -live 1 -f matroska", place.path().display());
    footage::make(&arguments, ending).await
}

/// Every sample of every fragment lasts as long as a field can say (§8.8.8).
async fn slow_fragments() -> Vec<u8> {
    let flags = "-movflags +frag_keyframe+empty_moov+default_base_moof";
    let file = footage::make(&format!("{PICTURE} {H264} -bf 0 -g 1 {flags}"), "mp4").await;
    let mut file = file;
    let headers: Vec<usize> = (0..file.len() - 4).filter(|at| &file[*at..at + 4] == b"tfhd").collect();
    for at in headers {
        // Flags, track, then the duration when flag 8 is set.
        assert_eq!(file[at + 7] & 0x0b, 0x08, "a default duration right behind the track");
        set(&mut file, at + 12, 0x7fff_ffff);
    }
    file
}
