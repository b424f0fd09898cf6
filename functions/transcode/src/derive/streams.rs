//! One piece of the renditions, and the playlists of all.

use common::{
    db::videos::{self, Fenced},
    objects::{AppendedUpload, Extent, JOB, Objects, Serving, keys},
};
use media::{
    chunks::Chunk,
    ffmpeg::Outputs,
    hls::{self, File, Stream},
    loopback::{Sink, View},
    mp4::{Cmaf, FragmentReader, Segments},
};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::ladder::{Ladder, SOUND};
use crate::{
    pieces::SharedOut as _,
    publish::VIDEO,
    work::{Outcome, Stop, Try, WorkError},
};

/// Its addresses are relative: it is of no use to players as it lies there, and says nothing that the media does not.
const PLAYLIST: Serving = Serving { content_type: "application/vnd.apple.mpegurl", cache_control: VIDEO.cache_control };

/// What a piece has made: of each stream's file, what it holds.
#[derive(Debug, Deserialize, Serialize)]
struct Made {
    files: Vec<(String, Segments)>,
}

/// A file that all bytes were written to.
struct Written {
    upload: AppendedUpload,
    content: Segments,
}

impl Try<'_> {
    /// Makes piece `number` and stores it.
    pub(super) async fn make_streams(&self, ladder: &Ladder, number: u32) -> Result<(), Stop> {
        let url = self.loopback.read(&self.recording, View::whole(&self.recording))?;
        let (tools, chunk) = (&self.app.tools, ladder.chunk(number));
        let run = match &chunk {
            Some(chunk) => tools.renditions(&self.loopback, &url, &ladder.rungs, ladder.rate, chunk, self.deadline)?,
            None => tools.copies(&self.loopback, &url, ladder.sound, self.deadline)?,
        };
        let keys: Vec<String> = ladder
            .parts(number)
            .iter()
            .map(|part| keys::stream(&self.source.video, ladder.published, &part.file))
            .collect();
        let written = take_all(&self.objects, run, &keys, chunk).await;
        self.loopback.close(&url);
        let files = self.finish_all(written?, &keys).await?;
        let files = ladder.parts(number).into_iter().map(|part| part.file).zip(files).collect();
        let made = serde_json::to_vec(&Made { files }).map_err(std::io::Error::other)?;
        Ok(self.objects.put(&ladder.made(&self.source.video, number), made, JOB).await?)
    }

    /// Makes objects of what was written; drops all of it when the video could not be read to its end, and what is left
    /// of it when something goes wrong.
    async fn finish_all(&self, written: Vec<Written>, keys: &[String]) -> Result<Vec<Segments>, Stop> {
        let (mut contents, mut wrong) = (Vec::with_capacity(written.len()), self.unless_unread().err());
        for (Written { upload, content }, key) in written.into_iter().zip(keys) {
            if wrong.is_none() {
                match self.current(key).await {
                    Ok(current) => {
                        wrong = upload.finish(current.as_ref()).await.map_err(Stop::from).err();
                        contents.push(content);
                        continue;
                    }
                    Err(stop) => wrong = Some(stop),
                }
            }
            upload.abort().await;
        }
        wrong.map_or(Ok(contents), Err)
    }

    /// Writes the playlists of what all pieces have made, and says that they are there.
    pub(super) async fn list_streams(&self, ladder: &Ladder) -> Result<Outcome, Stop> {
        let (video, published) = (&self.source.video, ladder.published);
        let mut made = Vec::new();
        for number in (0..).take(ladder.pieces()) {
            let key = ladder.made(video, number);
            let piece = self.objects.read_small(&key).await?;
            let piece = piece.and_then(|piece| serde_json::from_slice::<Made>(&piece).ok());
            made.push(piece.ok_or(WorkError::Lost(key))?);
        }
        let files = |name: &str| -> Vec<File> {
            let parts = (0..).zip(&made).flat_map(|(number, made)| ladder.parts(number).into_iter().zip(&made.files));
            let own = parts.filter(|(part, _)| part.stream == name);
            own.map(|(_, (name, content))| File { name: name.clone(), content: content.clone() }).collect()
        };
        let pictures: Vec<Stream> = ladder
            .pictures()
            .into_iter()
            .map(|(name, picture)| Stream { files: files(&name), picture: Some(picture), name })
            .collect();
        let sound = ladder.sound.then(|| Stream { name: SOUND.to_owned(), picture: None, files: files(SOUND) });
        // Sound whose track holds nothing that is heard.
        let sound = sound.filter(|sound| sound.files.iter().any(|file| !file.content.segments.is_empty()));
        for stream in pictures.iter().chain(&sound) {
            let key = keys::playlist(video, published, &stream.name);
            self.objects.put(&key, stream.playlist().into_bytes(), PLAYLIST).await?;
        }
        let master = hls::master(&pictures, sound.as_ref());
        self.objects.put(&keys::playlist(video, published, "master"), master.into_bytes(), PLAYLIST).await?;
        match videos::has_hls(&mut self.app.db.connect().await?, video, published).await? {
            Fenced::Written => Ok(Outcome::Derived),
            Fenced::Refused => Err(Stop::Superseded),
        }
    }
}

/// Takes all outputs of a run at once. When one goes wrong, the others are dropped, and FFmpeg is ended.
async fn take_all(
    objects: &Objects,
    mut run: Outputs,
    keys: &[String],
    chunk: Option<Chunk>,
) -> Result<Vec<Written>, Stop> {
    let mut taking = JoinSet::new();
    for (number, (sink, key)) in run.take().into_iter().zip(keys).enumerate() {
        let extent = if chunk.is_some() { Extent::Small } else { Extent::Large };
        let upload = objects.append(key, VIDEO, extent);
        taking.spawn(async move { (number, take(upload, sink, chunk).await) });
    }
    let (mut written, mut run, mut wrong) = (Vec::new(), Some(run), None);
    while let Some(taken) = taking.join_next().await {
        match taken.map_err(|error| Stop::from(std::io::Error::other(error))) {
            Ok((number, Ok(file))) => written.push((number, file)),
            Ok((_, Err(stop))) | Err(stop) => {
                // An output breaks off because FFmpeg has ended, and it says why. Otherwise it is ended here, and what
                // else goes wrong is only that.
                if !matches!(stop, Stop::Error(WorkError::BrokeOff)) {
                    run = None;
                }
                wrong.get_or_insert(stop);
            }
        }
    }
    let ended = match run {
        Some(run) => run.ended().await.map_err(Stop::from),
        None => Ok(()),
    };
    if let Some(stop) = ended.err().or(wrong) {
        for (_, Written { upload, .. }) in written {
            upload.abort().await;
        }
        return Err(stop);
    }
    written.sort_unstable_by_key(|(number, _)| *number);
    Ok(written.into_iter().map(|(_, file)| file).collect())
}

async fn take(mut upload: AppendedUpload, sink: Sink, chunk: Option<Chunk>) -> Result<Written, Stop> {
    match pass_on(&mut upload, sink, chunk).await {
        Ok(content) => Ok(Written { upload, content }),
        Err(stop) => {
            upload.abort().await;
            Err(stop)
        }
    }
}

async fn pass_on(upload: &mut AppendedUpload, mut sink: Sink, chunk: Option<Chunk>) -> Result<Segments, Stop> {
    let (mut reader, mut cmaf) = (FragmentReader::new(), None::<Cmaf>);
    let start = chunk.map(|chunk| chunk.start).unwrap_or_default();
    while let Some(piece) = sink.next().await {
        let mut bytes = &piece[..];
        while let Some(fragment) = reader.feed(&mut bytes)? {
            let stream = match (&mut cmaf, reader.init()) {
                (Some(stream), _) => stream,
                (none, Some(init)) => {
                    let (stream, head) = Cmaf::begin(init, start)?;
                    upload.write(&head).await?;
                    none.insert(stream)
                }
                (None, None) => continue,
            };
            let head = stream.add(&fragment)?;
            if !head.is_empty() {
                upload.write(&head).await?;
                upload.write(&fragment.media).await?;
            }
        }
    }
    if !sink.is_whole() {
        return Err(WorkError::BrokeOff.into());
    }
    reader.finish()?;
    Ok(cmaf.ok_or(WorkError::BrokeOff)?.finish(chunk.and_then(|chunk| chunk.end)))
}
