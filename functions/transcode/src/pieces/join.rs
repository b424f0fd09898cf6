//! All pieces, put together: their packets as they are, behind one index.

use common::objects::{Head, Objects, StreamedUpload, keys};
use media::{
    AudioPlan, Reason,
    ffmpeg::Input,
    loopback::View,
    mp4::{Assembly, Fragment, FragmentReader, Stream, Summary},
};
use tokio::task::JoinHandle;

use super::Task;
use crate::{
    publish::VIDEO,
    work::{Stop, Try, WorkError},
};

/// Bytes that are read at once, while the ones before are written.
const READ: u64 = 2 << 20;
/// Ticks a second in which chunks tell their beginning.
const TICKS: u64 = 90;
/// A chunk of a pause holds no frame: its file is a few boxes.
const HOLLOW: u64 = 4096;

impl Try<'_> {
    /// Joins the pieces. Gives facts, size in bytes, and the poster.
    pub(super) async fn put_together(&self, task: &Task) -> Result<(Summary, u64, Vec<u8>), Stop> {
        let url = self.loopback.read(&self.recording, View::whole(&self.recording))?;
        let poster = self.poster(Input { url: &url, container: task.plan.container }, None).await?;
        self.loopback.close(&url);
        // From here on the pieces are read; the upload's bytes would only lie beside them.
        self.recording.forget();
        let key = keys::processed(&self.source.video);
        let reserve = task.starts.last().map_or(0, |start| start / 1000) * crate::publish::INDEX_BYTES_A_SECOND;
        let mut upload = self.objects.stream(&key, VIDEO, reserve);
        match self.join_into(&mut upload, task).await {
            Ok((head, summary, current)) => {
                let moved = upload.finish(head, current.as_ref()).await?;
                Ok((summary, moved.size, poster))
            }
            Err(stop) => {
                upload.abort().await;
                Err(stop)
            }
        }
    }

    async fn join_into(
        &self,
        upload: &mut StreamedUpload,
        task: &Task,
    ) -> Result<(Vec<u8>, Summary, Option<Head>), Stop> {
        let sound = match task.plan.audio {
            AudioPlan::None => None,
            _ => Some(self.reel(task, task.starts.len()).await?),
        };
        let mut joining = Joining { upload, assembly: Assembly::new(), sound, heard: None };
        for (number, start) in task.starts.iter().enumerate() {
            let mut reel = self.reel(task, number).await?;
            let mut chunk = None;
            while let Some(fragment) = reel.next().await? {
                let pictures = match (chunk, reel.reader.init()) {
                    (Some(pictures), _) => pictures,
                    (None, Some(init)) => joining.assembly.chunk(init, start.saturating_mul(TICKS))?,
                    (None, None) => continue,
                };
                chunk = Some(pictures);
                joining.pictures(pictures, &fragment).await?;
            }
        }
        // Sound that goes on after the last picture.
        while joining.more_sound().await? {}
        let head = joining.assembly.head(joining.upload.head_bytes())?;
        let summary = Summary::of_head(&head).filter(|summary| summary.width > 0).ok_or(Reason::Unreadable)?;
        Ok((head, summary, self.current(&keys::processed(&self.source.video)).await?))
    }

    async fn reel(&self, task: &Task, number: usize) -> Result<Reel, Stop> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let key = keys::piece(&self.source.video, &task.set, number);
        let head = self.objects.head(&key).await?.ok_or_else(|| WorkError::Lost(key.clone()))?;
        let mut reel = Reel {
            objects: self.objects.clone(),
            key,
            head,
            at: 0,
            ahead: None,
            reader: FragmentReader::new(),
            bytes: Vec::new(),
            taken: 0,
            fragments: 0,
        };
        reel.read_ahead();
        Ok(reel)
    }
}

/// What is being put together.
struct Joining<'a> {
    upload: &'a mut StreamedUpload,
    assembly: Assembly,
    sound: Option<Reel>,
    /// The sound's stream, once some of it was added.
    heard: Option<Stream>,
}

impl Joining<'_> {
    /// Adds pictures, and before them what is heard until then: so both lie in the file as they are played.
    async fn pictures(&mut self, pictures: Stream, fragment: &Fragment) -> Result<(), Stop> {
        while self.heard.is_none_or(|heard| self.assembly.time(heard) < self.assembly.time(pictures)) {
            if !self.more_sound().await? {
                break;
            }
        }
        self.assembly.add(pictures, fragment)?;
        Ok(self.upload.write(&fragment.media).await?)
    }

    /// Adds the next fragment of sound; false when there is none.
    async fn more_sound(&mut self) -> Result<bool, Stop> {
        let Some(reel) = &mut self.sound else { return Ok(false) };
        let (Some(fragment), Some(init)) = (reel.next().await?, reel.reader.init()) else {
            self.sound = None;
            return Ok(false);
        };
        let heard = *self.heard.get_or_insert_with(|| self.assembly.stream(init));
        self.assembly.add(heard, &fragment)?;
        self.upload.write(&fragment.media).await?;
        Ok(true)
    }
}

/// A piece, read fragment by fragment.
struct Reel {
    objects: Objects,
    key: String,
    head: Head,
    /// Byte of the object that is read next.
    at: u64,
    ahead: Option<JoinHandle<Result<Vec<u8>, WorkError>>>,
    reader: FragmentReader,
    /// What was read last, and how much of it the reader has taken.
    bytes: Vec<u8>,
    taken: usize,
    fragments: u32,
}

impl Reel {
    async fn next(&mut self) -> Result<Option<Fragment>, Stop> {
        loop {
            let mut left = self.bytes.get(self.taken..).unwrap_or_default();
            let fragment = self.reader.feed(&mut left)?;
            self.taken = self.bytes.len() - left.len();
            if fragment.is_some() {
                self.fragments += 1;
                return Ok(fragment);
            }
            let Some(ahead) = self.ahead.take() else {
                return self.end();
            };
            self.bytes = ahead.await.map_err(|error| WorkError::Loopback(error.into()))??;
            self.taken = 0;
            self.read_ahead();
        }
    }

    fn read_ahead(&mut self) {
        let length = READ.min(self.head.size - self.at);
        if length == 0 {
            return;
        }
        let (objects, key, e_tag, at) = (self.objects.clone(), self.key.clone(), self.head.e_tag.clone(), self.at);
        self.at += length;
        self.ahead = Some(tokio::spawn(async move { Ok(objects.read_range(&key, &e_tag, at, length).await?) }));
    }

    fn end(&mut self) -> Result<Option<Fragment>, Stop> {
        match std::mem::take(&mut self.reader).finish() {
            Err(_) if self.fragments == 0 && self.head.size < HOLLOW => Ok(None),
            ended => Ok(ended.map(|()| None)?),
        }
    }
}
