//! An upload as the transcode function sees it before it fetches it: sniffed, its index read by ranges, decided.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::mp4::IndexReader;
use media::{Container, Facts, Limits, decide, sniff};
use media_fuzz::{Sparse, check, fed};

fuzz_target!(|data: &[u8]| {
    let object = Sparse::of(data);
    if sniff(object.head()) != Container::Mp4 {
        return;
    }
    let mut reader = IndexReader::new(object.size());
    if !fed!(reader, object, at_most 64) {
        return;
    }
    if let Ok(index) = reader.finish() {
        assert!(index.moov_offset + index.moov_length <= object.size(), "{index:?}");
        assert!(index.media.as_ref().is_none_or(|media| media.end <= object.size()), "{index:?}");
        let _ = index.summary();
        check(&decide(&Facts::of_index(object.size(), &index), &Limits::new(4 << 30)));
    }
});
