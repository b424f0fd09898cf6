//! Indexes that lie about their keyframes: none are taken, or such as lie within the media.

use std::time::{Duration, Instant};

use media::mp4::{Index, IndexReader, Stills, faststart};
use media::storyboard::Storyboard;

use crate::faststart::read;
use crate::support::{H264_AAC, Job, index_of};

/// What is taken is a file, and of the media.
fn holds(index: &Index, object: &[u8]) -> bool {
    let Some(plan) = Storyboard::of(index) else { return false };
    assert!((1..=100).contains(&plan.tiles()) && plan.vtt("s.jpg").lines().count() == plan.tiles() as usize * 3 + 1);
    let Some(stills) = plan.stills(index) else { return false };
    let Stills { head, keyframes } = &stills;
    assert!((1..=plan.tiles() as usize).contains(&keyframes.len()), "{stills:?}");
    let media = index.media.clone().unwrap_or(0..object.len() as u64);
    assert!(keyframes.iter().all(|range| media.start <= range.start && range.start < range.end), "{stills:?}");
    assert!(keyframes.iter().all(|range| range.end <= media.end), "{stills:?} of {media:?}");
    let content = usize::try_from(stills.bytes()).expect("in memory");
    let file = [head.as_slice(), &vec![0; content]].concat();
    let again = read(&file);
    let (new, old) = (again.video().expect("a picture"), index.video().expect("a picture"));
    assert_eq!((new.display_size(), new.rotation), (old.display_size(), old.rotation));
    assert_eq!(new.sample_count, Some(keyframes.len() as u64));
    assert_eq!(again.media.expect("media").end, file.len() as u64);
    true
}

#[test]
fn a_damaged_index_gives_keyframes_of_the_media_or_none() {
    let job = Job::new();
    let picture = "-f lavfi -i testsrc2=s=64x48:r=10:d=3";
    for name in ["clip.mp4", "clip.mov"] {
        let clip = job.make(name, &format!("{picture} -f lavfi -i sine=d=3 {H264_AAC} -g 4"));
        let whole = std::fs::read(clip).expect("a file");
        let index = read(&whole);
        assert!(holds(&index, &whole));
        let mut damaged = index.clone();
        for cut in 0..index.moov.len() {
            damaged.moov.truncate(0);
            damaged.moov.extend_from_slice(&index.moov[..cut]);
            holds(&damaged, &whole);
        }
        damaged.moov.clone_from(&index.moov);
        let (mut taken, mut refused) = (0_u32, 0_u32);
        for at in 0..index.moov.len() {
            let byte = index.moov[at];
            for value in [0, 0xff, byte ^ 1, byte ^ 0x80] {
                damaged.moov[at] = value;
                if damaged_holds(&damaged, &index, &whole) { taken += 1 } else { refused += 1 }
            }
            damaged.moov[at] = byte;
        }
        assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
        let moov = usize::try_from(index.moov_offset).expect("small");
        for at in moov..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            if let Ok(index) = index_of(&bytes).0 {
                holds(&index, &bytes);
            }
        }
    }
}

/// As [`holds`], for an index whose bytes no longer say what was read of them.
fn damaged_holds(damaged: &Index, read: &Index, object: &[u8]) -> bool {
    let Some(plan) = Storyboard::of(read) else { return false };
    let Some(Stills { head, keyframes }) = plan.stills(damaged) else { return false };
    let media = read.media.clone().unwrap_or(0..object.len() as u64);
    assert!(keyframes.iter().all(|range| media.start <= range.start && range.end <= media.end), "{keyframes:?}");
    assert!(head.len() < damaged.moov.len() + 4096);
    true
}

#[test]
fn gigantic_claims_are_no_work() {
    let job = Job::new();
    let clip = job.make("clip.mp4", &format!("-f lavfi -i testsrc2=s=64x48:r=10:d=3 {H264_AAC} -an -bf 0"));
    let whole = std::fs::read(clip).expect("a file");
    let (start, length) = (read(&whole).moov_offset, read(&whole).moov_length);
    let place = |byte: u64| usize::try_from(byte).expect("small");
    // The index alone, and behind it media of five gigabytes.
    let mut object = whole[place(start)..place(start + length)].to_vec();
    let media = u32::try_from(object.len() + 16).expect("small");
    let size = u64::from(media) + (5 << 30);
    object.extend_from_slice(b"\0\0\0\x01mdat");
    object.extend_from_slice(&(size - length).to_be_bytes());
    // Billions of samples of one byte each, in one run and one chunk.
    for (kind, field, value) in
        [(b"stsz", 4, 1), (b"stsz", 8, u32::MAX), (b"stts", 8, u32::MAX), (b"stsc", 12, u32::MAX), (b"stco", 8, media)]
    {
        let at = object.windows(4).position(|window| window == kind).expect("a table") + 4 + field;
        object[at..at + 4].copy_from_slice(&value.to_be_bytes());
    }
    object.resize(64 << 10, 0);
    let mut reader = IndexReader::new(size);
    reader.feed(&object).expect("an index and the beginning of the media");
    let index = reader.finish().expect("an index");
    let kept = faststart(&index, &[0], None);
    assert!(kept.is_ok(), "the tables agree with each other and with the media: {kept:?}");
    let begun = Instant::now();
    assert_eq!(Storyboard::of(&index).expect("a picture").stills(&index), None);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
