//! A recorder's WebM read from the middle: its header, its length, where decoding can begin.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use media::webm::{HeaderReader, LengthReader, Seek};
use media_fuzz::{Sparse, fed};

fuzz_target!(|data: &[u8]| {
    let object = Sparse::of(data);
    let mut reader = HeaderReader::new(object.size());
    if !fed!(reader, object, at_most 32) {
        return;
    }
    let Ok(header) = reader.finish() else { return };
    assert!(header.first_cluster < object.size() && header.timestamp_scale > 0, "{header:?}");
    let mut reader = LengthReader::new(&header, object.size());
    let length = if fed!(reader, object, at_most 96) { reader.finish().ok() } else { None };
    for time in [Duration::ZERO, length.unwrap_or_default() / 2, Duration::MAX] {
        let mut seek = Seek::new(&header, object.size(), time);
        if fed!(seek, object, at_most 128) {
            let cluster = seek.finish();
            assert!((header.first_cluster..object.size()).contains(&cluster.offset), "{cluster:?} of {header:?}");
            assert!(cluster.offset == header.first_cluster || cluster.time <= time, "{cluster:?} for {time:?}");
        }
    }
});
