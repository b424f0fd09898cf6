//! A new head before untouched media: it is itself an index, of the same samples, that can be moved again. And the
//! keyframes of a storyboard, which are of the media and a recording by themselves.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::Kind;
use media::mp4::{Head, Index, IndexReader, Summary, faststart};
use media::storyboard::Storyboard;
use media_fuzz::{Sparse, Spliced, fed};

fuzz_target!(|data: &[u8]| {
    let object = Sparse::of(data);
    let mut reader = IndexReader::new(object.size());
    if !fed!(reader, object, at_most 64) {
        return;
    }
    let Ok(index) = reader.finish() else { return };
    keyframes(&index, &object);
    let first = |kind| index.tracks.iter().find(|track| track.kind == kind).map(|track| track.index);
    let tracks: Vec<usize> = [first(Kind::Video), first(Kind::Audio)].into_iter().flatten().collect();
    let level = data.last().filter(|byte| **byte & 1 == 1).map(|_| 42);
    if let Ok(head) = faststart(&index, &tracks, level) {
        assert!(Summary::of_head(&head.bytes).is_some(), "{head:?}");
        again(&index, &tracks, &head, &object);
    }
});

fn again(source: &Index, tracks: &[usize], head: &Head, object: &Sparse<'_>) {
    let object = Spliced { head: &head.bytes, media: head.media.clone(), source: object };
    let mut reader = IndexReader::new(object.size());
    assert!(fed!(reader, object, at_most 64), "the new head is no index");
    let index = reader.finish().expect("an index");
    for (new, old) in index.tracks.iter().zip(tracks) {
        assert_eq!(new.sample_count, source.tracks[*old].sample_count);
        assert_eq!(new.display_size(), source.tracks[*old].display_size());
    }
    let all: Vec<usize> = (0..index.tracks.len()).collect();
    let second = faststart(&index, &all, None).expect("what was moved once can be moved again");
    assert_eq!(second.media.end - second.media.start, head.media.end - head.media.start);
    assert!(second.bytes == head.bytes, "the second head differs");
}

fn keyframes(source: &Index, object: &Sparse<'_>) {
    let Some(plan) = Storyboard::of(source) else { return };
    assert!((1..=100).contains(&plan.tiles()), "{plan:?}");
    let Some(stills) = plan.stills(source) else { return };
    assert!(stills.keyframes.iter().all(|range| range.start < range.end && range.end <= object.size()), "{stills:?}");
    let head = Sparse::headed(&stills.head, stills.bytes());
    let mut reader = IndexReader::new(head.size());
    assert!(fed!(reader, head, at_most 64), "the keyframes have no index");
    let index = reader.finish().expect("an index");
    let (new, old) = (index.video().expect("a picture"), source.video().expect("a picture"));
    assert_eq!(new.display_size(), old.display_size());
    assert_eq!(new.sample_count, Some(stills.keyframes.len() as u64));
}
