//! What the bucket holds, in memory and on disk.
//!
//! ```text
//! blobs/<name>              bytes: a body as it came in
//! objects/<hash>.json       an object: its key, what is known of it, the pieces of blobs it is made of
//! uploads/<id>/upload.json  a multipart upload, and beside it <number>.json for each part
//! ```
//!
//! An object is there from the moment its record is renamed into place, whole and with everything that belongs to it.
//! Copying and completing write a record and move no bytes.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use s3s::crypto::{Checksum as _, Sha256};

use super::{
    attributes::Attributes,
    blob::{Blob, Segment, named, unnamed},
    records::{self, Blobs, ObjectRecord, PartRecord, UploadRecord, segment_records},
};
use crate::ids::{self, epoch_millis};

/// A kept object.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    /// Without quotes.
    pub(super) e_tag: String,
    pub(super) modified: SystemTime,
    pub(super) attributes: Attributes,
    pub(super) segments: Vec<Segment>,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) size: u64,
    /// The MD5 of its bytes in hexadecimal, without quotes.
    pub(super) e_tag: String,
    pub(super) modified: SystemTime,
    pub(super) segments: Vec<Segment>,
}

/// An unfinished multipart upload.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) initiated: SystemTime,
    pub(super) attributes: Attributes,
    pub(super) parts: BTreeMap<u16, Part>,
}

/// Everything in memory.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    pub(super) uploads: HashMap<String, Upload>,
    last_sequencer: u64,
}

/// The bucket.
#[derive(Debug)]
pub(super) struct Store {
    blobs: PathBuf,
    objects: PathBuf,
    uploads: PathBuf,
    index: Mutex<Index>,
}

impl Store {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let [blobs, objects, uploads] = ["blobs", "objects", "uploads"].map(|name| folder.join(name));
        for folder in [&blobs, &objects, &uploads] {
            fs::create_dir_all(folder)?;
        }
        let mut known = Blobs::new(&blobs);
        let mut index = Index::default();
        for path in files(&objects)? {
            let record: ObjectRecord = records::read(&path)?;
            let object = object(record, &mut known);
            named(&object.segments);
            index.objects.insert(object.key.clone(), Arc::new(object));
        }
        for folder in fs::read_dir(&uploads)? {
            let folder = folder?;
            let id = folder.file_name().to_string_lossy().into_owned();
            if let Some(upload) = read_upload(&folder.path(), &mut known)? {
                index.uploads.insert(id, upload);
            }
        }
        known.remove_others()?;
        drop(known);
        Ok(Self { blobs, objects, uploads, index: Mutex::new(index) })
    }

    /// The bucket's contents, for as long as nothing is awaited.
    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file for incoming bytes.
    pub(super) fn new_blob(&self) -> io::Result<Arc<Blob>> {
        Ok(Blob::new(&self.blobs, ids::hex::<16>().map_err(io::Error::other)?))
    }

    /// Keeps an object in place of the one that had its key.
    pub(super) fn put(&self, index: &mut Index, object: Object) -> io::Result<Arc<Object>> {
        let record = ObjectRecord {
            key: object.key.clone(),
            e_tag: object.e_tag.clone(),
            modified: epoch_millis(object.modified),
            attributes: object.attributes.clone(),
            segments: segment_records(&object.segments),
        };
        records::write(&self.object_path(&object.key), &record)?;
        named(&object.segments);
        let object = Arc::new(object);
        if let Some(old) = index.objects.insert(object.key.clone(), Arc::clone(&object)) {
            unnamed(&old.segments);
        }
        Ok(object)
    }

    pub(super) fn delete(&self, index: &mut Index, key: &str) -> io::Result<()> {
        if index.objects.contains_key(key) {
            fs::remove_file(self.object_path(key))?;
            if let Some(old) = index.objects.remove(key) {
                unnamed(&old.segments);
            }
        }
        Ok(())
    }

    pub(super) fn create_upload(&self, index: &mut Index, upload: Upload) -> io::Result<String> {
        let id = ids::hex::<16>().map_err(io::Error::other)?;
        let record = UploadRecord {
            key: upload.key.clone(),
            initiated: epoch_millis(upload.initiated),
            attributes: upload.attributes.clone(),
        };
        let folder = self.uploads.join(&id);
        fs::create_dir(&folder)?;
        records::write(&folder.join("upload.json"), &record)?;
        index.uploads.insert(id.clone(), upload);
        Ok(id)
    }

    /// Keeps a part in place of the one that had its number. The upload must exist.
    pub(super) fn put_part(&self, index: &mut Index, id: &str, number: u16, part: Part) -> io::Result<()> {
        let Some(upload) = index.uploads.get_mut(id) else { return Err(io::ErrorKind::NotFound.into()) };
        let record = PartRecord {
            number,
            e_tag: part.e_tag.clone(),
            modified: epoch_millis(part.modified),
            segments: segment_records(&part.segments),
        };
        records::write(&self.uploads.join(id).join(format!("{number}.json")), &record)?;
        named(&part.segments);
        if let Some(old) = upload.parts.insert(number, part) {
            unnamed(&old.segments);
        }
        Ok(())
    }

    /// Forgets an upload. Blobs that an object is made of by now stay.
    pub(super) fn delete_upload(&self, index: &mut Index, id: &str) -> io::Result<()> {
        if !index.uploads.contains_key(id) {
            return Ok(());
        }
        fs::remove_dir_all(self.uploads.join(id))?;
        for part in index.uploads.remove(id).into_iter().flat_map(|upload| upload.parts.into_values()) {
            unnamed(&part.segments);
        }
        Ok(())
    }

    /// Aborts uploads that began so long ago; their keys, with what went wrong if something did.
    pub(super) fn abort_older_than(&self, age: Duration) -> Vec<(String, io::Result<()>)> {
        let index = &mut *self.index();
        let now = SystemTime::now();
        let old = |upload: &Upload| now.duration_since(upload.initiated).is_ok_and(|passed| passed >= age);
        let old: Vec<_> = index
            .uploads
            .iter()
            .filter(|(_, upload)| old(upload))
            .map(|(id, upload)| (id.clone(), upload.key.clone()))
            .collect();
        old.into_iter().map(|(id, key)| (key, self.delete_upload(index, &id))).collect()
    }

    fn object_path(&self, key: &str) -> PathBuf {
        // Keys are longer than file names may be, and differ in case only.
        let hash: String = Sha256::checksum(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.objects.join(format!("{hash}.json"))
    }
}

impl Index {
    /// The next event's place in the order: nanoseconds since 1970, and always more than the last.
    pub(super) fn sequencer(&mut self, now: SystemTime) -> String {
        let nanos = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.last_sequencer = nanos.max(self.last_sequencer + 1);
        format!("{:016X}", self.last_sequencer)
    }
}

fn object(record: ObjectRecord, blobs: &mut Blobs<'_>) -> Object {
    let segments = blobs.segments(record.segments);
    Object {
        key: record.key,
        size: segments.iter().map(|segment| segment.size).sum(),
        e_tag: record.e_tag,
        modified: records::time(record.modified),
        attributes: record.attributes,
        segments,
    }
}

/// An upload with its parts; `None`, and no folder any more, when a kill came before its record was written.
fn read_upload(folder: &Path, blobs: &mut Blobs<'_>) -> io::Result<Option<Upload>> {
    let upload = folder.join("upload.json");
    if !upload.exists() {
        fs::remove_dir_all(folder)?;
        return Ok(None);
    }
    let record: UploadRecord = records::read(&upload)?;
    let mut parts = BTreeMap::new();
    for path in files(folder)?.into_iter().filter(|path| *path != upload) {
        let record: PartRecord = records::read(&path)?;
        let segments = blobs.segments(record.segments);
        named(&segments);
        let size = segments.iter().map(|segment| segment.size).sum();
        let part = Part { size, e_tag: record.e_tag, modified: records::time(record.modified), segments };
        parts.insert(record.number, part);
    }
    let initiated = records::time(record.initiated);
    Ok(Some(Upload { key: record.key, initiated, attributes: record.attributes, parts }))
}

/// The records in a folder, without one that was being written at a kill.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(paths)
}
