//! A stream of fragments, in pieces of any size, and the files that are made of it.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use media::mp4::{Assembly, Cmaf, Fragment, FragmentReader, IndexReader, Init, Stream, Summary};
use media_fuzz::{Sparse, fed};

fuzz_target!(|data: &[u8]| {
    let Some((content, [.., how])) = data.split_last_chunk::<12>() else { return };
    let (chunks, piece) = (how & 1 == 1, usize::from(how >> 1) * 100 + 1);
    let (mut reader, mut assembly, mut stream) = (FragmentReader::new(), Assembly::new(), None::<Stream>);
    let mut rendition = Some(Rendition::default());
    for mut bytes in content.chunks(piece) {
        loop {
            let Ok(fed) = reader.feed(&mut bytes) else { return };
            let Some(fragment) = fed else { break };
            let init = reader.init().expect("a fragment comes after its index");
            let begun = match stream {
                Some(stream) => Ok(stream),
                None if chunks => assembly.chunk(init, 0),
                None => Ok(assembly.stream(init)),
            };
            let Ok(begun) = begun else { return };
            stream = Some(begun);
            rendition = rendition.and_then(|rendition| rendition.add(init, &fragment));
            if assembly.add(begun, &fragment).is_err() {
                return;
            }
        }
    }
    let _ = reader.finish();
    if let Some(rendition) = rendition {
        rendition.finish();
    }
    let Ok(head) = assembly.head(None) else { return };
    // Descriptions are passed on as they came; those that make no sense are refused by the summary.
    if Summary::of_head(&head).is_none() {
        return;
    }
    let object = Sparse::headed(&head, assembly.media_bytes());
    let mut reader = IndexReader::new(object.size());
    assert!(fed!(reader, object, at_most 64), "the new head is no index");
    reader.finish().expect("an index");
    for room in [0, 1, 7, 8, 9, 100_000] {
        let padded = assembly.head(Some(head.len() as u64 + room)).expect("room");
        assert_eq!(padded.len() as u64, head.len() as u64 + room);
    }
});

/// The same stream as a player of HLS takes it.
#[derive(Default)]
struct Rendition {
    cmaf: Option<Cmaf>,
    file: Vec<u8>,
}

impl Rendition {
    fn add(mut self, init: &Init, fragment: &Fragment) -> Option<Self> {
        if self.cmaf.is_none() {
            let (cmaf, head) = Cmaf::begin(init, Duration::from_secs(60)).ok()?;
            (self.cmaf, self.file) = (Some(cmaf), head);
        }
        let head = self.cmaf.as_mut()?.add(fragment).ok()?;
        if !head.is_empty() {
            self.file.extend(head);
            self.file.extend(&fragment.media);
        }
        Some(self)
    }

    /// What is told of the file is the file, and its reader understands it.
    fn finish(self) {
        let Some(cmaf) = self.cmaf else { return };
        let told = cmaf.finish(None);
        let bytes: u64 = told.segments.iter().map(|segment| segment.bytes).sum();
        assert_eq!(told.init + bytes, self.file.len() as u64);
        let (mut reader, mut bytes) = (FragmentReader::new(), &self.file[..]);
        while reader.feed(&mut bytes).expect("what was written").is_some() {}
        reader.finish().expect("a whole file");
    }
}
