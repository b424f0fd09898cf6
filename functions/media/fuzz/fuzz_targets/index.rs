//! An upload as the transcode function sees it before it fetches it: sniffed, its index read by ranges, decided.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::mp4::{IndexReader, Step};
use media::{Container, Facts, Limits, decide, sniff};
use media_fuzz::{Sparse, check};

fuzz_target!(|data: &[u8]| {
    let object = Sparse::of(data);
    if sniff(object.head()) != Container::Mp4 {
        return;
    }
    let mut reader = IndexReader::new(object.size());
    let mut reads = 0;
    while let Step::Read { offset, length } = reader.step() {
        reads += 1;
        assert!(reads <= 64, "a request to the store each");
        let Some(bytes) = object.read(offset, length) else { return };
        if let Err(error) = reader.feed(&bytes) {
            assert_eq!(reader.step(), Step::Done, "{error}");
            return;
        }
    }
    if let Ok(index) = reader.finish() {
        assert!(index.moov_offset + index.moov_length <= object.size(), "{index:?}");
        let _ = index.summary();
        check(&decide(&Facts::of_index(object.size(), &index), &Limits::new(4 << 30)));
    }
});
