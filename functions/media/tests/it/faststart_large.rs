//! Zero-copy faststart of files beyond 4 GiB, of which only the few bytes that matter exist.

use std::io::{Seek as _, SeekFrom, Write as _};

use media::mp4::{self, Head, Index, IndexReader, Step, faststart};

use crate::faststart::{offsets, patch, read};
use crate::support::{H264_AAC, Job, PICTURE, TONE, boxes, ffprobe};

/// Zeros, but for these pieces.
struct Sparse {
    pieces: Vec<(u64, Vec<u8>)>,
    size: u64,
}

impl Sparse {
    /// A small file of FFmpeg's with `hole` zeros at the start of its media.
    fn with_hole(small: &[u8], hole: u64) -> Self {
        let all = boxes(small);
        let (_, mdat, length) = *all.iter().find(|b| &b.0 == b"mdat").expect("media");
        let (_, moov, _) = *all.iter().find(|b| &b.0 == b"moov").expect("an index");
        assert_eq!(moov, mdat + length, "the index comes last");
        let front = mdat - 8;
        let mut index = small[moov..].to_vec();
        patch(&mut index, |offset| offset + usize::try_from(hole).expect("64 bits"));
        // A header of 64 bits takes the place of the `free` before `mdat`.
        let mut head = small[..front].to_vec();
        head.extend_from_slice(b"\0\0\0\x01mdat");
        head.extend_from_slice(&(length as u64 + 8 + hole).to_be_bytes());
        let media = small[mdat + 8..moov].to_vec();
        let (media_at, index_at) = (mdat as u64 + 8 + hole, moov as u64 + hole);
        let size = index_at + index.len() as u64;
        Self { pieces: vec![(0, head), (media_at, media), (index_at, index)], size }
    }

    /// What is stored when the head is put before the media.
    fn published(&self, head: &Head) -> Self {
        let from = head.media.start;
        let moved = |at: u64| at - from + head.bytes.len() as u64;
        let header = self.read(from, 16);
        let (media_at, media) = self.pieces[1].clone();
        let size = moved(head.media.end);
        Self { pieces: vec![(0, head.bytes.clone()), (moved(from), header), (moved(media_at), media)], size }
    }

    fn read(&self, offset: u64, length: u64) -> Vec<u8> {
        let at = |byte: u64| usize::try_from(byte).expect("small");
        let mut bytes = vec![0; at(length)];
        for (start, piece) in &self.pieces {
            let (from, until) = (offset.max(*start), (offset + length).min(start + piece.len() as u64));
            if from < until {
                bytes[at(from - offset)..at(until - offset)]
                    .copy_from_slice(&piece[at(from - start)..at(until - start)]);
            }
        }
        bytes
    }

    fn index(&self) -> Index {
        let mut reader = IndexReader::new(self.size);
        while let Step::Read { offset, length } = reader.step() {
            reader.feed(&self.read(offset, length)).expect("fed");
        }
        reader.finish().expect("an index")
    }
}

/// Entries of all `co64`.
fn wide_offsets(head: &[u8]) -> Vec<u64> {
    let tables = head.windows(4).enumerate().filter(|(_, kind)| kind == b"co64").map(|(at, _)| &head[at + 8..]);
    tables
        .flat_map(|table| {
            let count = u32::from_be_bytes(table[..4].try_into().expect("four bytes")) as usize;
            table[4..].as_chunks::<8>().0[..count].iter().map(|entry| u64::from_be_bytes(*entry))
        })
        .collect()
}

#[test]
fn offsets_grow_to_64_bits_where_they_must() {
    let job = Job::new();
    let small = job.make("small.mp4", &format!("{PICTURE} {TONE} {H264_AAC}"));
    let small = std::fs::read(small).expect("a file");
    let narrow = faststart(&read(&small), &[0, 1], None).expect("a head");
    let highest = *offsets(&small).iter().max().expect("a chunk") as u64;
    // Offsets are counted from the header, which is eight bytes longer than the small file's.
    let last = highest - (narrow.media.start - 8) + narrow.bytes.len() as u64;
    let full = u64::from(u32::MAX) - last;

    let fits = Sparse::with_hole(&small, full);
    let head = faststart(&fits.index(), &[0, 1], None).expect("a head");
    assert_eq!(head.bytes.len(), narrow.bytes.len());
    assert_eq!(offsets(&head.bytes).iter().max(), Some(&(u32::MAX as usize)), "the last offset that fits");

    let source = Sparse::with_hole(&small, full + 1);
    let head = faststart(&source.index(), &[0, 1], None).expect("a head");
    let chunks = offsets(&small);
    assert_eq!(head.bytes.len(), narrow.bytes.len() + 4 * chunks.len());
    assert_eq!(wide_offsets(&head.bytes).len(), chunks.len());
    let result = source.published(&head);
    for (at, chunk) in wide_offsets(&head.bytes).into_iter().zip(&chunks) {
        assert_eq!(result.read(at, 16), small[*chunk..*chunk + 16], "a chunk's own bytes");
    }
    // What has 64 bits keeps them, and a head before its own media is the same again.
    let index = result.index();
    assert!(index.moov_before_media);
    assert_eq!(faststart(&index, &[0, 1], None).expect("a head").bytes, head.bytes);

    // FFmpeg finds the packets too.
    let path = job.path("large.mp4");
    let mut file = std::fs::File::create(&path).expect("a file");
    for (at, piece) in &result.pieces {
        file.seek(SeekFrom::Start(*at)).expect("a place");
        file.write_all(piece).expect("written");
    }
    file.set_len(result.size).expect("a sparse file");
    assert_eq!(mp4::read_file(&path).expect("an index").tracks[0].sample_count, Some(45));
    let packets = |file| {
        ffprobe(file, "-show_packets -show_data_hash md5 -show_entries packet=pts,dts,size,flags,data_hash:side_data=")
    };
    assert_eq!(packets(&path), packets(&job.path("small.mp4")));
}
