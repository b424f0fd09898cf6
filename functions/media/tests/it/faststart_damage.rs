//! Indexes that lie: an answer every time, and nothing promised that is not there.

use media::mp4::{Head, Index, NotCopyable, faststart};

use crate::faststart::{assembled, offsets, patch, read};
use crate::support::{H264_AAC, Job, PICTURE, TONE, index_of};

/// A small clip whose index tells much: B-frames, an edit list, sample groups.
fn clip(job: &Job, name: &str) -> Vec<u8> {
    let picture = "-f lavfi -i testsrc2=s=64x48:r=10:d=1";
    std::fs::read(job.make(name, &format!("{picture} -f lavfi -i sine=d=0.3 {H264_AAC}"))).expect("a file")
}

/// Where the body of the box of a type begins, the `nth` of them.
fn body(bytes: &[u8], kind: &[u8; 4], nth: usize) -> usize {
    let found = bytes.windows(4).enumerate().filter(|(_, window)| window == kind).nth(nth);
    found.unwrap_or_else(|| panic!("{}", kind.escape_ascii())).0 + 4
}

fn copied(bytes: &[u8]) -> Result<Head, NotCopyable> {
    faststart(&read(bytes), &[0, 1], None)
}

fn with(source: &[u8], at: usize, value: &[u8]) -> Vec<u8> {
    let mut bytes = source.to_vec();
    bytes[at..at + value.len()].copy_from_slice(value);
    bytes
}

#[test]
fn tables_that_disagree_are_not_followed() {
    let job = Job::new();
    let whole = clip(&job, "clip.mp4");
    let moov = usize::try_from(read(&whole).moov_offset).expect("small");
    assert!(copied(&whole).is_ok());
    let malformed = |what: &str, bytes: &[u8]| {
        let answer = copied(bytes);
        assert!(matches!(answer, Err(NotCopyable::Malformed(_))), "{what}: {answer:?}");
    };
    let most = *offsets(&whole).iter().max().expect("a chunk");
    let header = usize::try_from(read(&whole).media.expect("media").start).expect("small") + 4;
    for (what, to) in [("the index", moov), ("the end", whole.len() - 1), ("the front", 8), ("a header", header)] {
        let mut bytes = whole.clone();
        patch(&mut bytes, |offset| if offset == most { to } else { offset });
        malformed(what, &bytes);
    }
    for (kind, field) in [
        // Samples of a run.
        (b"stts", 8),
        (b"ctts", 8),
        (b"stsc", 12),
        // The first chunk of a run.
        (b"stsc", 8),
        // The number of a keyframe.
        (b"stss", 8),
    ] {
        for track in 0..if matches!(kind, b"stts" | b"stsc") { 2 } else { 1 } {
            let at = body(&whole[moov..], kind, track) + moov + field;
            for value in [0, u32::MAX, 77] {
                malformed(&format!("{} {value}", kind.escape_ascii()), &with(&whole, at, &value.to_be_bytes()));
            }
        }
    }
    for track in 0..2 {
        let count = body(&whole[moov..], b"stco", track) + moov + 4;
        let chunks = u32::from_be_bytes(whole[count..count + 4].try_into().expect("four bytes"));
        malformed("samples that no chunk holds", &with(&whole, count, &(chunks - 1).to_be_bytes()));
    }
    let sizes = body(&whole[moov..], b"stsz", 0) + moov;
    malformed("fewer samples", &with(&whole, sizes + 8, &9_u32.to_be_bytes()));
    malformed("samples of equal size", &with(&whole, sizes + 4, &u32::MAX.to_be_bytes()));
    malformed("a sample to the end", &with(&whole, sizes + 12, &[0x7f, 0xff, 0xff, 0xff]));
    let described = body(&whole[moov..], b"stsc", 0) + moov + 16;
    assert!(matches!(copied(&with(&whole, described, &2_u32.to_be_bytes())), Err(NotCopyable::Description(_))));
}

#[test]
fn what_is_not_understood_is_left_to_ffmpeg() {
    let job = Job::new();
    let whole = clip(&job, "clip.mp4");
    let at = body(&whole, b"sbgp", 0) - 4;
    for unknown in [b"saio", b"saiz", b"senc", b"what"] {
        let answer = copied(&with(&whole, at, unknown));
        assert_eq!(answer, Err(NotCopyable::Unknown(unknown.escape_ascii().to_string())));
    }
    let dref = body(&whole, b"dref", 1);
    assert_eq!(copied(&with(&whole, dref + 19, &[0])), Err(NotCopyable::External), "media in another file");
    assert_eq!(copied(&with(&whole, dref + 12, b"rsrc")), Err(NotCopyable::External));
    let stsd = body(&whole, b"stsd", 0);
    let described = |answer| matches!(answer, Err(NotCopyable::Description(_)));
    assert!(described(copied(&with(&whole, stsd + 4, &2_u32.to_be_bytes()))), "two descriptions");
    for (name, args) in [
        ("hevc.mp4", "-i clip.mp4 -c:a copy -c:v mpeg4"),
        ("pcm.mov", "-i clip.mp4 -c:v copy -c:a pcm_s16le"),
        ("mp3.mp4", "-i clip.mp4 -c:v copy -c:a libmp3lame"),
    ] {
        let other = std::fs::read(job.make(name, args)).expect("a file");
        assert!(described(copied(&other)), "{name}");
    }
    let timed = std::fs::read(job.make("timed.mov", "-i clip.mp4 -c copy -timecode 00:00:00:00")).expect("a file");
    assert!(described(faststart(&read(&timed), &[0, 2], None)), "a timecode");
}

/// A head that is given holds for its media: it reads, and copied once more it is the same.
fn holds(index: &Index, source: &[u8]) -> bool {
    let Ok(head) = faststart(index, &[0, 1], Some(42)) else {
        return false;
    };
    assert_eq!(Some(&head.media), index.media.as_ref());
    let result = assembled(&head, source);
    let again = read(&result);
    assert!(again.moov_before_media && again.tracks.len() == 2);
    assert_eq!(faststart(&again, &[0, 1], Some(42)).expect("the same head").bytes, head.bytes);
    true
}

#[test]
fn a_damaged_index_gives_no_head_or_one_that_holds() {
    let job = Job::new();
    for name in ["clip.mp4", "clip.mov"] {
        let whole = clip(&job, name);
        let index = read(&whole);
        assert!(holds(&index, &whole));
        let mut damaged = index.clone();
        // The index alone, as no reader would let it through.
        for cut in 0..index.moov.len() {
            damaged.moov.truncate(0);
            damaged.moov.extend_from_slice(&index.moov[..cut]);
            holds(&damaged, &whole);
        }
        damaged.moov.clone_from(&index.moov);
        let (mut accepted, mut refused) = (0_u32, 0_u32);
        for at in 0..index.moov.len() {
            let byte = index.moov[at];
            for value in [0, 0xff, byte ^ 1, byte ^ 0x80] {
                damaged.moov[at] = value;
                if holds(&damaged, &whole) { accepted += 1 } else { refused += 1 }
            }
            damaged.moov[at] = byte;
        }
        assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
        let moov = usize::try_from(index.moov_offset).expect("small");
        for at in moov..whole.len() {
            if let Ok(index) = index_of(&with(&whole, at, &[whole[at] ^ 0x55])).0 {
                holds(&index, &whole);
            }
        }
    }
}

#[test]
fn gigantic_counts_are_no_work() {
    let job = Job::new();
    let whole = std::fs::read(job.make("clip.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"))).expect("a file");
    let mut bytes = whole.clone();
    // Two to the 32 samples of one byte, in one run, in each chunk.
    for (kind, at) in [(b"stsz", 4), (b"stsz", 8), (b"stts", 8), (b"stsc", 12)] {
        let value = if at == 4 { 1 } else { u32::MAX };
        let place = body(&bytes, kind, 0) + at;
        bytes = with(&bytes, place, &value.to_be_bytes());
    }
    assert!(matches!(faststart(&read(&bytes), &[0], None), Err(NotCopyable::Malformed(_))));
}
