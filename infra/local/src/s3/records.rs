//! Records on disk: JSON files that are replaced whole.

use std::{
    collections::HashMap,
    fs, io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    attributes::Attributes,
    blob::{Blob, Segment},
};

/// A [`Segment`] by the name of its blob.
#[derive(Serialize, Deserialize)]
pub(super) struct SegmentRecord {
    blob: String,
    offset: u64,
    size: u64,
}

/// An object.
#[derive(Serialize, Deserialize)]
pub(super) struct ObjectRecord {
    pub(super) key: String,
    pub(super) e_tag: String,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    pub(super) attributes: Attributes,
    pub(super) segments: Vec<SegmentRecord>,
}

/// A multipart upload; its parts have files of their own.
#[derive(Serialize, Deserialize)]
pub(super) struct UploadRecord {
    pub(super) key: String,
    /// Milliseconds since 1970.
    pub(super) initiated: u64,
    pub(super) attributes: Attributes,
}

/// A part of an upload.
#[derive(Serialize, Deserialize)]
pub(super) struct PartRecord {
    pub(super) number: u16,
    pub(super) e_tag: String,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    pub(super) segments: Vec<SegmentRecord>,
}

/// The blobs that records name, while they are read.
pub(super) struct Blobs<'a> {
    folder: &'a Path,
    known: HashMap<String, Arc<Blob>>,
}

impl<'a> Blobs<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder, known: HashMap::new() }
    }

    pub(super) fn segments(&mut self, records: Vec<SegmentRecord>) -> Vec<Segment> {
        let segment = |SegmentRecord { blob, offset, size }| {
            let known = self.known.entry(blob).or_insert_with_key(|name| Blob::new(self.folder, name.clone()));
            Segment { blob: Arc::clone(known), offset, size }
        };
        records.into_iter().map(segment).collect()
    }

    /// Deletes the files that no record names: bodies that were still coming in when the last server ended.
    pub(super) fn remove_others(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder)? {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| self.known.contains_key(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

pub(super) fn segment_records(segments: &[Segment]) -> Vec<SegmentRecord> {
    let record = |segment: &Segment| SegmentRecord {
        blob: segment.blob.name.clone(),
        offset: segment.offset,
        size: segment.size,
    };
    segments.iter().map(record).collect()
}

/// Replaces a record. A kill leaves the old one or the new one; the system writes both to the disk when it likes.
pub(super) fn write(path: &Path, record: &impl Serialize) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(record)?)?;
    fs::rename(&new, path)
}

/// A record, or what is wrong with it.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    serde_json::from_slice(&fs::read(path)?)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {error}", path.display())))
}

pub(super) fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}
