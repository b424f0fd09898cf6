//! An object made of new bytes and a range of another one, which S3 copies to itself.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Head, Moved, Objects, ObjectsError, Serving,
    parts::{Assembly, MAX_PARTS, Source, Target},
};

const MIB: u64 = 1024 * 1024;
/// Bytes of a part, as long as 10,000 of them suffice, which is up to 58 GiB. Little more than S3 demands (5 MiB), since the
/// first goes through the function, in and out.
const PART: u64 = 6 * MIB;
/// Bytes that a part may have ("Amazon S3 multipart upload limits").
const MAX_PART: u64 = 5 * 1024 * MIB;
/// Parts that are copied at once.
const COPIES: usize = 16;

/// What an object is made of: new bytes in front, then a range of an object that is already in the bucket.
#[derive(Clone, Debug)]
pub struct Spliced<'a> {
    /// The new bytes.
    pub head: &'a [u8],
    /// Key of the other object.
    pub source_key: &'a str,
    /// Which version of it.
    pub source: &'a Head,
    /// Its bytes that come after the new ones.
    pub media: Range<u64>,
    /// The first of these bytes, as far as the caller has them: they are not read again.
    pub known: &'a [u8],
}

impl Objects {
    /// Makes an object of new bytes and old ones, in place of `current` as [`replace`](Self::replace) does. What comes
    /// through the function is the new bytes, and of the old ones what fills up the first part; all parts but the last
    /// have one size, which Cloudflare R2 demands. [`ObjectsError::Replaced`] names the source when it is the source
    /// that was stored anew meanwhile.
    pub async fn splice(
        &self,
        key: &str,
        current: Option<&Head>,
        made_of: &Spliced<'_>,
        serving: Serving,
    ) -> Result<Moved, ObjectsError> {
        let objects = self.metered_within();
        let (size, plan) = made_of.plan()?;
        let copying = match plan {
            Plan::Whole => {
                let (mut bytes, missing) = made_of.begin(made_of.media.clone());
                objects.read_into(made_of.source_key, &made_of.source.e_tag, missing, &mut bytes).await?;
                objects.put_in_place(key, current, bytes.into(), size, serving).await?;
                Duration::ZERO
            }
            Plan::Parts { first, copies } => {
                let mut upload = Assembly::begin(&objects, key, serving, COPIES).await?;
                let copied = copy_parts(&mut upload, made_of, first, copies).await;
                let outcome = match copied {
                    Ok(copying) => upload.complete(current, size).await.map(|()| copying),
                    Err(error) => Err(error),
                };
                upload.settle(outcome).await?
            }
        };
        Ok(Moved::new(size, objects.used(), copying))
    }
}

/// Stores all parts; how long the copies among them took.
async fn copy_parts(
    upload: &mut Assembly,
    made_of: &Spliced<'_>,
    first: Range<u64>,
    copies: Vec<Range<u64>>,
) -> Result<Duration, ObjectsError> {
    let source = Source {
        bucket: upload.bucket().to_owned(),
        key: made_of.source_key.to_owned(),
        e_tag: made_of.source.e_tag.clone(),
    };
    let source = Arc::new(source);
    let (version, (mut bytes, missing)) = (Arc::clone(&source), made_of.begin(first));
    let first = async move |target: Arc<Target>| {
        target.objects.read_into(&version.key, &version.e_tag, missing, &mut bytes).await?;
        let size = bytes.len() as u64;
        target.put(1, bytes.into(), size).await
    };
    upload.start(1, first).await?;
    let started = Instant::now();
    for (number, range) in (2..).zip(copies) {
        let source = Arc::clone(&source);
        upload.start(number, async move |target| target.copy(number, &source, range).await).await?;
    }
    upload.all().await?;
    Ok(upload.last_stored(2..).map_or(Duration::ZERO, |ended| ended.saturating_duration_since(started)))
}

/// How an object is put together.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// With one PUT: it is shorter than two parts.
    Whole,
    /// In parts.
    Parts {
        /// Bytes of the source that come after the head in part 1.
        first: Range<u64>,
        /// Bytes of the source that parts 2 and on are copies of.
        copies: Vec<Range<u64>>,
    },
}

impl Spliced<'_> {
    /// Bytes of the object, and how it is put together.
    fn plan(&self) -> Result<(u64, Plan), ObjectsError> {
        let Range { start, end } = self.media;
        if start > end || end > self.source.size {
            let (key, range) = (self.source_key.to_owned(), start..end);
            return Err(ObjectsError::OutOfRange { key, range, size: self.source.size });
        }
        let head = self.head.len() as u64;
        let size = head.saturating_add(end - start);
        Ok((size, plan(head, start..end, size)?))
    }

    /// The head and what is known of these bytes of the source, which are the first of the media; and which of them have
    /// to be read.
    fn begin(&self, media: Range<u64>) -> (Vec<u8>, Range<u64>) {
        let length = usize::try_from(media.end - media.start).unwrap_or(usize::MAX);
        let known = self.known.get(..length).unwrap_or(self.known);
        let mut bytes = Vec::with_capacity(self.head.len().saturating_add(length));
        bytes.extend_from_slice(self.head);
        bytes.extend_from_slice(known);
        (bytes, media.start + known.len() as u64..media.end)
    }
}

/// Cuts an object of `size` bytes: `head` new ones, then the `media` of another. As a copied range has almost the size
/// of a part at least, its source is never so small that S3 would not copy ranges of it (`UploadPartCopy`: 5 MiB).
fn plan(head: u64, media: Range<u64>, size: u64) -> Result<Plan, ObjectsError> {
    let needed = head.max(size.div_ceil(MAX_PARTS));
    let part = PART.max(needed.div_ceil(MIB).saturating_mul(MIB));
    if part > MAX_PART {
        return Err(ObjectsError::TooLarge { most: MAX_PARTS * MAX_PART });
    }
    if size < 2 * part {
        return Ok(Plan::Whole);
    }
    let first = media.start..media.start + (part - head);
    let starts = std::iter::successors(Some(first.end), |start| Some(start + part));
    let copies = starts.take_while(|start| *start < media.end).map(|start| start..media.end.min(start + part));
    Ok(Plan::Parts { copies: copies.collect(), first })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes of the parts that come of it, part 1 first.
    fn cut(head: u64, media: Range<u64>) -> Vec<u64> {
        let size = head + (media.end - media.start);
        match plan(head, media.clone(), size).expect("a plan") {
            Plan::Whole => vec![size],
            Plan::Parts { first, copies } => {
                let ranges: Vec<_> = std::iter::once(first).chain(copies).collect();
                assert_eq!(ranges[0].start, media.start);
                assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start), "a gap: {ranges:?}");
                assert_eq!(ranges.last().map(|range| range.end), Some(media.end));
                let mut sizes: Vec<_> = ranges.iter().map(|range| range.end - range.start).collect();
                sizes[0] += head;
                sizes
            }
        }
    }

    #[test]
    fn what_is_shorter_than_two_parts_is_put_whole() {
        assert_eq!(cut(0, 0..0), [0]);
        assert_eq!(cut(100, 50..50), [100]);
        assert_eq!(cut(MIB, 7..7 + 11 * MIB - 1), [12 * MIB - 1]);
        assert_eq!(cut(MIB, 7..7 + 11 * MIB), [6 * MIB, 6 * MIB]);
        assert_eq!(cut(MIB, 7..7 + 11 * MIB + 1), [6 * MIB, 6 * MIB, 1]);
    }

    #[test]
    fn d9_all_parts_but_the_last_have_one_size_and_ten_thousand_are_enough() {
        for (head, media, part) in [
            (300_000, 40 * MIB, 6 * MIB),
            (6 * MIB, 9 * MIB, 6 * MIB),
            // The head alone is longer than a usual part.
            (6 * MIB + 1, 90 * MIB, 7 * MIB),
            (0, 1024 * MIB, 6 * MIB),
            (3 * MIB, 60_000 * MIB - 3 * MIB, 6 * MIB),
            (3 * MIB, 60_000 * MIB, 7 * MIB),
            (3 * MIB, 5 << 40, 525 * MIB),
        ] {
            let sizes = cut(head, 48..48 + media);
            let (last, equal) = sizes.split_last().expect("parts");
            assert!(equal.iter().all(|size| *size == part), "{head} and {media}: {:?}", &equal[..2]);
            assert!(*last > 0 && *last <= part, "{head} and {media}: {last}");
            assert!(sizes.len() <= 10_000, "{head} and {media}: {}", sizes.len());
            assert_eq!(sizes.iter().sum::<u64>(), head + media);
        }
    }

    #[test]
    fn only_what_is_not_known_is_read() {
        let source = Head { size: 100, e_tag: String::new() };
        let begun = |known| {
            Spliced { head: b"head", source_key: "source", source: &source, media: 10..90, known }.begin(10..14)
        };
        assert_eq!(begun(b""), (b"head".to_vec(), 10..14));
        assert_eq!(begun(b"ab"), (b"headab".to_vec(), 12..14));
        assert_eq!(begun(b"abcd"), (b"headabcd".to_vec(), 14..14));
        assert_eq!(begun(b"abcdef"), (b"headabcd".to_vec(), 14..14));
    }

    #[test]
    fn what_no_ten_thousand_parts_can_carry_is_refused() {
        let most = MAX_PARTS * MAX_PART;
        assert!(plan(0, 0..most, most).is_ok());
        assert!(matches!(plan(0, 0..most + 1, most + 1), Err(ObjectsError::TooLarge { .. })));
    }

    #[test]
    fn media_that_the_source_does_not_have_is_refused() {
        let source = Head { size: 100, e_tag: String::new() };
        let plan = |media| Spliced { head: b"head", source_key: "source", source: &source, media, known: b"" }.plan();
        assert_eq!(plan(0..100).expect("a plan"), (104, Plan::Whole));
        #[expect(clippy::reversed_empty_ranges, reason = "what a wrong caller gives")]
        for media in [0..101, 101..101, 60..50, 0..u64::MAX] {
            assert!(matches!(plan(media.clone()), Err(ObjectsError::OutOfRange { .. })), "{media:?}");
        }
    }
}
