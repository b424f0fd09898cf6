//! From the segments that a client has uploaded while it recorded to one file: their packets as they are, with the times
//! that they have, behind one index.
//!
//! What is there counts, and what the manifest says of it. A segment that never arrived, or is damaged, leaves a hole of its
//! own length: times come from the segments themselves, so that picture and sound stay together behind it.
//!
//! Browsers record sound that not every player takes. Then the one file is an upload like any other, of which is encoded what
//! has to be.

mod reel;

use common::{
    db::videos,
    event::Created,
    ids::VideoId,
    live::{Listed, MAX_MANIFEST, Manifest, ManifestError},
    objects::{
        HEAD_RESERVE, StreamedUpload,
        keys::{self, Track, live},
    },
};
use hyper::body::Bytes;
use lambda_runtime::Context;
use media::{
    Container, Decision, Facts, Limits, Reason, decide,
    ffmpeg::Input,
    loopback::{Source as Recording, View},
    mp4::{Assembly, Init, Stream, Summary, tracks_of_head},
};

use crate::{
    app::App,
    ended::Ended,
    job::{self, JobError, Source},
    publish::{INDEX_BYTES_A_SECOND, MAX_BYTES, POSTER, VIDEO, facts, not_encoded},
    work::{Job, Outcome, Stop, Try},
};
use reel::{Part, Reel};

/// Bytes of the largest beginning of a track. FFmpeg writes less than one kilobyte.
const MAX_INIT: u64 = 1 << 20;
/// Bytes that are read for the poster: the first segment, and as many behind it as fit.
const POSTER_BYTES: u64 = 32 << 20;
/// Segments that are read for the poster, which is taken from the second second.
const POSTER_SEGMENTS: usize = 2;

const NOTHING_ARRIVED: &str = "No part of the recording's picture has arrived. Record it again.";
/// What is published as it is.
const PLAYED: [&[u8; 4]; 2] = [b"avc1", b"mp4a"];

/// Publishes what was uploaded while it was recorded, as the manifest that is there now says.
pub(crate) async fn run(app: &App, created: &Created, context: &Context, video: VideoId) -> Result<Ended, JobError> {
    let fence = videos::fence(&mut app.db.connect().await?, &video).await?;
    let fence = fence.ok_or_else(|| JobError::NoVideo(video.clone()))?;
    if fence.deleted {
        tracing::info!(%video, "segments of a deleted video are removed");
        app.objects.remove_video(&video).await?;
        return Ok(Ended::Removed);
    }
    let manifests = app.objects.list(&live::manifest(&video)).await?;
    let uploads = app.objects.list(&keys::raw_prefix(&video)).await?;
    let newer = |at: i64| uploads.first().is_some_and(|upload| upload.stored_at > at);
    let Some(manifest) = manifests.into_iter().next().filter(|manifest| !newer(manifest.stored_at)) else {
        tracing::info!(%video, "there is no manifest, or an upload of the whole recording is newer");
        return Ok(Ended::Idle);
    };
    // Its client asks for it at the recording's end.
    let source = Source { video, key: manifest.key, head: manifest.head, arrived: Some(created.at) };
    job::begin(app, context, &source, &fence, &Job::Assemble).await
}

/// What there is of a track.
struct Recorded {
    /// What begins it, as bytes and as it is read.
    head: Vec<u8>,
    init: Init,
    parts: Vec<Part>,
}

/// What becomes of the one file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It is played as it is.
    Play,
    /// It is published as an upload is.
    Upload,
}

impl Try<'_> {
    /// Assembles the recording and puts it in place.
    pub(crate) async fn assemble(&self) -> Result<Outcome, Stop> {
        let manifest = match self.manifest().await? {
            Ok(manifest) => manifest,
            Err(error) => return Ok(Outcome::Rejected(error.to_string())),
        };
        let Some(pictures) = self.recorded(Track::Video, &manifest.video, manifest.is_complete).await? else {
            return Ok(Outcome::Rejected(NOTHING_ARRIVED.to_owned()));
        };
        let sound = self.recorded(Track::Audio, &manifest.audio, manifest.is_complete).await?;
        let bytes = [Some(&pictures), sound.as_ref()].into_iter().flatten().flat_map(|track| &track.parts);
        media::decide::within_bytes(bytes.map(|part| part.head.size).sum(), &Limits::new(MAX_BYTES))?;

        let seconds = manifest.video.seconds().max(manifest.audio.seconds());
        let tracks = (&pictures, sound.as_ref());
        let mut formats =
            [Some(&pictures), sound.as_ref()].into_iter().flatten().flat_map(|track| track.init.formats());
        if formats.all(|format| PLAYED.contains(&&format)) {
            let poster = self.first_picture(&pictures).await?;
            let key = keys::processed(&self.source.video);
            if let Some(facts) = self.write_to(&key, seconds, tracks, Use::Play).await? {
                self.put_in_place(&keys::poster(&self.source.video), poster, POSTER).await?;
                not_encoded(&facts);
                return Ok(Outcome::Published(facts));
            }
        }
        let key = keys::assembled(&self.source.video);
        let written = self.write_to(&key, seconds, tracks, Use::Upload).await?;
        Ok(written.map_or(Outcome::Rejected(Reason::Unreadable.sentence()), |_| Outcome::Assembled(key)))
    }

    /// Stores both tracks as one file. Gives what it says; `None` when it is not for its use.
    async fn write_to(
        &self,
        key: &str,
        seconds: f64,
        tracks: (&Recorded, Option<&Recorded>),
        purpose: Use,
    ) -> Result<Option<videos::Facts>, Stop> {
        let seconds = std::time::Duration::try_from_secs_f64(seconds);
        let reserve = seconds.map_or(0, |length| length.as_secs() * INDEX_BYTES_A_SECOND);
        let reserve = if reserve == 0 { HEAD_RESERVE } else { reserve };
        let mut upload = self.objects.stream(key, VIDEO, reserve);
        let joined = match self.join_tracks(&mut upload, tracks, purpose).await {
            Ok(Some((head, summary))) => self.current(key).await.map(|current| Some((head, summary, current))),
            Ok(None) => Ok(None),
            Err(stop) => Err(stop),
        };
        match joined {
            Ok(Some((head, summary, current))) => {
                let moved = upload.finish(head, current.as_ref()).await?;
                Ok(Some(facts(summary, moved.size)))
            }
            Ok(None) => {
                upload.abort().await;
                Ok(None)
            }
            Err(stop) => {
                upload.abort().await;
                Err(stop)
            }
        }
    }

    /// The manifest that the job is for. When the client has stored another since, reading fails and the job begins anew.
    async fn manifest(&self) -> Result<Result<Manifest, ManifestError>, Stop> {
        let Source { key, head, .. } = self.source;
        if head.size > MAX_MANIFEST {
            return Ok(Err(ManifestError::TooLarge));
        }
        let text = self.objects.read_range(key, &head.e_tag, 0, head.size).await?;
        Ok(Manifest::parse(&text))
    }

    /// What there is of a track; `None` when it cannot be played. Of a recording that its client has ended the manifest
    /// says what belongs to it. One that broke off may have more than the client still told.
    async fn recorded(&self, track: Track, told: &Listed, is_complete: bool) -> Result<Option<Recorded>, Stop> {
        let video = &self.source.video;
        let Some((head, init)) = self.init(&live::init(video, track)).await? else { return Ok(None) };
        let stored = self.objects.oldest(&live::segments(video, track), live::MAX_SEGMENT as usize).await?;
        let mut parts: Vec<Part> = stored
            .into_iter()
            .filter_map(|object| {
                let index = live::parse_segment(video, track, &object.key)?;
                (!is_complete || told.has(index)).then_some(Part { index, key: object.key, head: object.head })
            })
            .collect();
        parts.sort_by_key(|part| part.index);
        let highest = parts.iter().map(|part| part.index).chain(told.segments.iter().map(|told| told.index)).max();
        tracing::info!(%video, ?track, segments = parts.len(), ?highest, is_complete, "there are");
        Ok((!parts.is_empty()).then_some(Recorded { head, init, parts }))
    }

    /// What begins a track, as bytes and as it is read; `None` when it is not there or none.
    async fn init(&self, key: &str) -> Result<Option<(Vec<u8>, Init)>, Stop> {
        let Some(head) = self.objects.head(key).await?.filter(|head| head.size <= MAX_INIT) else { return Ok(None) };
        let bytes = self.objects.read_range(key, &head.e_tag, 0, head.size).await?;
        let mut reader = media::mp4::FragmentReader::new();
        let read = reader.feed(&mut &bytes[..]);
        if let Err(error) = read {
            tracing::warn!(key, %error, "what begins the track cannot be read");
            return Ok(None);
        }
        Ok(reader.init().cloned().map(|init| (bytes, init)))
    }

    /// The poster, taken from the first segments that are there.
    async fn first_picture(&self, pictures: &Recorded) -> Result<Vec<u8>, Stop> {
        let mut bytes = pictures.head.clone();
        for part in pictures.parts.iter().take(POSTER_SEGMENTS) {
            if bytes.len() as u64 + part.head.size > POSTER_BYTES {
                break;
            }
            let segment = self.objects.read_range(&part.key, &part.head.e_tag, 0, part.head.size).await?;
            bytes.extend_from_slice(&segment);
        }
        let bytes = Bytes::from(bytes);
        let recording = Recording::new(bytes.len() as u64, move |range| {
            let at = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let piece = bytes.slice(at(range.start)..at(range.end));
            async move { Ok(piece) }
        });
        let url = self.loopback.read(&recording, View::whole(&recording))?;
        let poster = self.poster(Input { url: &url, container: Container::Mp4 }, None).await;
        self.loopback.close(&url);
        poster
    }

    /// Writes the media of both tracks, by turns as they are played. Gives what goes in front of it and what that says; `None`
    /// when it is not for its use.
    async fn join_tracks(
        &self,
        upload: &mut StreamedUpload,
        (pictures, sound): (&Recorded, Option<&Recorded>),
        purpose: Use,
    ) -> Result<Option<(Vec<u8>, Summary)>, Stop> {
        let limits = &Limits::new(MAX_BYTES);
        let mut assembly = Assembly::new();
        let mut open: Vec<(Stream, Reel)> = [Some(pictures), sound]
            .into_iter()
            .flatten()
            .map(|track| (assembly.stream(&track.init), Reel::new(&self.objects, &track.init, &track.parts)))
            .collect();
        loop {
            let behind = open.iter_mut().enumerate().min_by_key(|(_, (stream, _))| assembly.time(*stream));
            let Some((at, (stream, reel))) = behind else { break };
            let Some(fragment) = reel.next().await? else {
                open.remove(at);
                continue;
            };
            if let Err(error) = assembly.add(*stream, &fragment) {
                tracing::warn!(%error, "the segments contradict each other");
                return Err(Reason::Unreadable.into());
            }
            media::decide::within_duration(assembly.time(*stream), limits)?;
            upload.write(&fragment.media).await?;
        }
        let head = assembly.head(upload.head_bytes()).map_err(|error| {
            tracing::warn!(%error, "the segments are no recording");
            Stop::Rejected(Reason::NothingRecorded)
        })?;
        Ok(summary(&head, assembly.media_bytes(), limits, purpose)?.map(|summary| (head, summary)))
    }
}

/// What the head of a file says; `None` when it is to be played and players do not take such tracks as they are.
fn summary(head: &[u8], bytes: u64, limits: &Limits, purpose: Use) -> Result<Option<Summary>, Reason> {
    let (duration, tracks) = tracks_of_head(head).ok_or(Reason::Unreadable)?;
    let facts = Facts { container: Container::Mp4, bytes, duration, tracks: &tracks };
    match decide(&facts, limits) {
        Decision::Reject(reason) => Err(reason),
        Decision::Publish(plan) if purpose == Use::Play && plan.kept().is_none() => Ok(None),
        Decision::Publish(_) => Ok(Summary::of_head(head)),
    }
}
