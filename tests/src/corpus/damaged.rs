//! Recordings that lack a part, or whose index contradicts itself.

use super::{
    Case, Expected, H264, PICTURE,
    boxes::{boundaries, edit, set, without, word},
    case, heard, silent,
};
use crate::footage;

const LACKING: Expected = Expected::Failed(&["missing", "middle"]);
const NO_VIDEO: Expected = Expected::Failed(&["not a video"]);

/// All of them.
pub async fn all() -> Vec<Case> {
    let (silent, heard) = (silent().await, heard().await);
    let fragments = footage::make(&format!("{PICTURE} {H264} -movflags +frag_keyframe+empty_moov"), "mp4").await;
    let mut cases = Vec::new();
    cases.extend(cut_off(&silent, &fragments).await);
    cases.extend(no_recording().await);
    cases.extend(tables(&silent));
    cases.push(case("no index", without(&heard, "", b"moov"), LACKING));
    cases.push(case("no media", without(&silent, "", b"mdat"), LACKING));
    cases.push(case("an index without tracks", without(&silent, "moov", b"trak"), Expected::Failed(&["no frames"])));
    cases.push(case(
        "a track without tables",
        without(&silent, "moov/trak/mdia/minf", b"stbl"),
        Expected::Failed(&[""]),
    ));
    cases
}

/// Cut at every edge of a box, in an index that comes last; and within media that comes last.
async fn cut_off(silent: &[u8], fragments: &[u8]) -> Vec<Case> {
    let edges = boundaries(silent).into_iter().filter(|edge| *edge < silent.len());
    let mut cases: Vec<Case> = edges
        .map(|edge| {
            let expected = if edge == 0 { Expected::Failed(&["empty"]) } else { LACKING };
            case(format!("cut off after {edge} of {} bytes", silent.len()), &silent[..edge], expected)
        })
        .collect();
    let first = footage::make(&format!("{PICTURE} {H264} -movflags +faststart"), "mp4").await;
    cases.push(case("cut off within its media", &first[..first.len() - 100], LACKING));
    let moofs: Vec<usize> =
        (0..fragments.len() - 4).filter(|at| &fragments[*at..at + 4] == b"moof").map(|at| at - 4).collect();
    cases.push(case("cut off before the first fragment", &fragments[..moofs[0]], LACKING));
    cases.push(case("cut off within the first fragment", &fragments[..moofs[0] + 40], Expected::Failed(&[""])));
    cases.push(case("cut off after the first fragment", &fragments[..moofs[1]], Expected::Either));
    let webm = footage::make(&format!("{PICTURE} -c:v libvpx -deadline realtime -cpu-used 8"), "webm").await;
    cases.push(case("cut off within WebM", &webm[..webm.len() * 2 / 3], Expected::Either));
    cases.push(case("cut off within WebM's header", &webm[..60], Expected::Failed(&[""])));
    cases
}

async fn no_recording() -> Vec<Case> {
    let still = Expected::Failed(&["still image"]);
    let noise: Vec<u8> = (0_u32..20_000).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let mut boxed = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2".to_vec();
    boxed.extend(&noise);
    let page = "<!doctype html><html><head><title>Sign in</title></head><body><form></form></body></html>";
    vec![
        case("a page named .mp4", page.repeat(20), NO_VIDEO),
        case("JSON named .mp4", r#"{"error":"expired"}"#, NO_VIDEO),
        case("noise", noise, NO_VIDEO),
        case("noise behind a type box", boxed, Expected::Failed(&[""])),
        case("zeros", vec![0; 5000], NO_VIDEO),
        case("one byte", [0], NO_VIDEO),
        case("a JPEG named .mp4", footage::make(&format!("{PICTURE} -frames:v 1"), "jpg").await, still.clone()),
        case("a PNG named .mp4", footage::make(&format!("{PICTURE} -frames:v 1"), "png").await, still),
    ]
}

/// Sample tables that claim what is not there (ISO/IEC 14496-12 §8.5 to §8.7).
fn tables(file: &[u8]) -> Vec<Case> {
    const ALL: u32 = u32::MAX;
    let table = |name: &str| format!("moov/trak/mdia/minf/stbl/{name}");
    let changed = |name: &str, at: usize, value: u32| edit(file, &table(name), |fields| set(fields, at, value));
    let every = |name: &str, from: usize, step: usize, value: u32| {
        edit(file, &table(name), |fields| {
            (from..fields.len()).step_by(step).for_each(|at| set(fields, at, value));
        })
    };
    let refused = || Expected::Failed(&[""]);
    let mut cases: Vec<Case> = ["stts", "stss", "ctts", "stsc", "stco"]
        .into_iter()
        .map(|name| case(format!("{name} with more entries than bytes"), changed(name, 4, ALL), Expected::Either))
        .collect();
    cases.extend([
        case("stsz with more entries than bytes", changed("stsz", 8, ALL), Expected::Either),
        case("stsd without entries", changed("stsd", 4, 0), Expected::Either),
        case("stsd with four billion entries", changed("stsd", 4, ALL), Expected::Either),
        case(
            "four billion samples of one size",
            {
                let uniform = changed("stsz", 4, ALL);
                edit(&uniform, &table("stsz"), |fields| set(fields, 8, ALL))
            },
            refused(),
        ),
        case("every sample of 4 GiB", every("stsz", 12, 4, ALL), refused()),
        case("every sample empty", every("stsz", 12, 4, 0), refused()),
        case("chunk offsets past the end", every("stco", 8, 4, ALL), LACKING),
        case(
            "a chunk offset a little past the end",
            {
                let end = u32::try_from(file.len()).expect("a small file");
                every("stco", 8, 4, end + 1)
            },
            LACKING,
        ),
        case("chunk offsets within the index", every("stco", 8, 4, 40), Expected::Either),
        case("four billion samples a chunk", every("stsc", 12, 12, ALL), Expected::Either),
        case("chunks that begin with the last", every("stsc", 8, 12, ALL), Expected::Either),
        case("chunks without samples", every("stsc", 12, 12, 0), Expected::Either),
        case("an unknown sample description", every("stsc", 16, 12, 77), Expected::Either),
        case("four billion samples of one duration", changed("stts", 8, ALL), Expected::Either),
        case("no samples by duration", changed("stts", 8, 0), Expected::Either),
        case("keyframes that are not there", every("stss", 8, 4, ALL), Expected::Either),
        case("composition offsets of hours", every("ctts", 12, 8, 0x7fff_ffff), Expected::Either),
        case("an edit list that lies past the end", edited(file, |elst| set(elst, 12, 0x7fff_ffff)), Expected::Either),
        case("an edit list with more entries than bytes", edited(file, |elst| set(elst, 4, ALL)), Expected::Either),
        case(
            "an edit list of 5,000 beginnings",
            edited(file, |elst| {
                let entry = elst[8..20].repeat(5000);
                set(elst, 4, 5000);
                elst.truncate(8);
                elst.extend(entry);
            }),
            Expected::Either,
        ),
        case(
            "a clock that does not tick",
            edit(file, "moov/trak/mdia/mdhd", |mdhd| set(mdhd, 12, 0)),
            Expected::Either,
        ),
        case("a movie clock that does not tick", edit(file, "moov/mvhd", |mvhd| set(mvhd, 12, 0)), Expected::Either),
        case(
            "descriptions longer than their box",
            edit(file, &table("stsd"), |stsd| {
                let length = word(stsd, 8);
                set(stsd, 8, length + 1000);
            }),
            Expected::Either,
        ),
    ]);
    cases
}

fn edited(file: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    edit(file, "moov/trak/edts/elst", change)
}
