//! `/api/playlist` of a recording that is still being made, or waits to become one file: playlists of the segments that its
//! manifest lists.
//!
//! An answer costs one query and one read. The newest segments have signed addresses, as the clients' own server gives
//! them; those before are routes of this function, which sign when they are asked for: a function's signed address has
//! nearly two kilobytes, and a playlist is fetched again every two seconds.

use std::fmt::Write;

use common::{
    db::videos::{Source, Status, Video},
    error::ApiError,
    http::{Answer, Method, query, redirect, text},
    ids::{ShareCode, VideoId},
    live::{Listed, Manifest, Segment},
    objects::{
        ObjectsError,
        keys::{Track, live},
    },
};
use lambda_http::Request;

use super::playlist::HLS;
use crate::{
    app::App,
    viewing::{self, Seen},
};

/// Segments whose addresses stand in the playlist: two minutes of a recording.
const SIGNED: usize = 60;
/// Segments behind a hole after which it is one. Clients store six at once, in any order, so a short one fills by itself.
const HOLE: usize = 6;
/// Seconds that a segment is said to last which is not there.
const HOLE_SECONDS: f64 = 2.0;
/// Entries of the longest playlist: 22 hours, and less than the six megabytes that Lambda answers with at most.
const MAX_ENTRIES: u32 = 40_000;

/// A recording in segments, and what is there of it.
struct Live {
    code: ShareCode,
    video: Video,
    manifest: Manifest,
    /// Nothing more will come.
    over: bool,
}

/// `GET|HEAD /api/playlist?videoId&videoType=segments-master|segments-video|segments-audio[&requireComplete=1]`
pub(super) async fn playlist(app: &App, request: &Request, kind: &str) -> Answer {
    let live = find(app, request).await?;
    if query(request, "requireComplete") == Some("1") && !live.over {
        return Err(ApiError::not_found("This recording has not ended."));
    }
    match kind {
        "video" => media(app, &live, Track::Video, &live.manifest.video).await,
        "audio" => media(app, &live, Track::Audio, &live.manifest.audio).await,
        _ if !live.manifest.video.plays() => Err(nothing()),
        _ => Ok(text(HLS, master(&live.code, &live.manifest, live.over))),
    }
}

/// `GET|HEAD /api/playlist?videoId&videoType=segment&track=video|audio&index`: sends a player to a segment.
pub(super) async fn segment(app: &App, request: &Request) -> Answer {
    let track = match query(request, "track") {
        Some("video") => Track::Video,
        Some("audio") => Track::Audio,
        _ => return Err(ApiError::bad_request("track must be video or audio.")),
    };
    let index = query(request, "index").and_then(|index| index.parse().ok());
    let index = index.filter(|index| (1..=live::MAX_SEGMENT).contains(index));
    let index = index.ok_or_else(|| ApiError::bad_request("index must be a segment's number, from 1."))?;
    let video = segmented(app, request).await?.video;
    let key = live::segment(&video.id, track, index);
    let url = match *request.method() {
        Method::HEAD => app.objects.sign_head(&key, None).await?,
        _ => app.objects.sign_get(&key).await?,
    };
    redirect(&url)
}

/// Whether there is something to play of a recording that is being made, or made into one file.
pub(super) async fn plays(app: &App, video: &Video) -> Result<bool, ApiError> {
    if !is_live(video) {
        return Ok(false);
    }
    let manifest = manifest(app, &video.id).await?.unwrap_or_default();
    // Sound that has begun is waited for: players do not take it up later.
    Ok(manifest.video.plays() && (!manifest.audio.begun || manifest.audio.plays()))
}

/// Whether a recording is being made, or made into one file for the first time.
pub(super) fn is_live(video: &Video) -> bool {
    let going = matches!(video.status, Status::Uploading | Status::Processing);
    video.source == Source::Segments && video.published_at.is_none() && going
}

async fn find(app: &App, request: &Request) -> Result<Live, ApiError> {
    let Seen { code, video, .. } = segmented(app, request).await?;
    let manifest = manifest(app, &video.id).await?.ok_or_else(nothing)?;
    let over = manifest.is_complete || video.status != Status::Uploading;
    Ok(Live { code, video, manifest, over })
}

/// The video of the query, if it is recorded in segments.
async fn segmented(app: &App, request: &Request) -> Result<Seen, ApiError> {
    let seen = viewing::of_query(app, request).await?;
    if seen.video.source != Source::Segments {
        return Err(ApiError::not_found("This video is served as one MP4. Ask for videoType=mp4."));
    }
    Ok(seen)
}

/// What the client has said last. A manifest that makes no sense is as good as none: its owner learns why when the recording
/// is to become one file.
async fn manifest(app: &App, id: &VideoId) -> Result<Option<Manifest>, ApiError> {
    match app.objects.read_small(&live::manifest(id)).await {
        Ok(text) => Ok(text.and_then(|text| Manifest::parse(&text).ok())),
        Err(ObjectsError::NotSmall { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn nothing() -> ApiError {
    ApiError::not_found("Nothing of this recording is there to be played yet. Ask again in a moment.")
}

fn master(code: &ShareCode, manifest: &Manifest, over: bool) -> String {
    let end = if over { "&requireComplete=1" } else { "" };
    let address = |kind: &str| format!("/api/playlist?videoId={}&videoType=segments-{kind}{end}", code.as_str());
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let mut sound = "";
    if manifest.audio.plays() {
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"default\",DEFAULT=YES,AUTOSELECT=YES,URI=\"{}\"",
            address("audio")
        );
        sound = ",AUDIO=\"audio\"";
    }
    let _ = writeln!(text, "#EXT-X-STREAM-INF:BANDWIDTH=2000000{sound}\n{}", address("video"));
    text
}

async fn media(app: &App, live: &Live, track: Track, told: &Listed) -> Answer {
    if !told.plays() {
        return Err(nothing());
    }
    let id = &live.video.id;
    let init = app.objects.sign_get(&live::init(id, track)).await?;
    let entries = entries(&told.segments, live.over);
    let first_signed = entries.len().saturating_sub(SIGNED);
    let mut addresses = Vec::with_capacity(entries.len());
    for (number, entry) in entries.iter().enumerate() {
        addresses.push(if number < first_signed || !entry.there {
            let name = if track == Track::Video { "video" } else { "audio" };
            let code = live.code.as_str();
            format!("/api/playlist?videoId={code}&videoType=segment&track={name}&index={}", entry.index)
        } else {
            app.objects.sign_get(&live::segment(id, track, entry.index)).await?
        });
    }
    Ok(text(HLS, written(&init, &entries, &addresses, live.over)))
}

/// A line of a playlist.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    index: u32,
    seconds: f64,
    there: bool,
}

/// The segments in their order. A hole is an entry too, so that a segment has one place in the playlist for good; while the
/// recording goes on, what follows a new hole waits for whether it is one.
fn entries(segments: &[Segment], over: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(segments.len());
    for (number, segment) in segments.iter().enumerate() {
        let next = entries.last().map_or(1, |last| last.index + 1);
        let missing = next..segment.index;
        if segment.index > MAX_ENTRIES {
            break;
        }
        if !missing.is_empty() && !over && segments.len() - number < HOLE {
            break;
        }
        entries.extend(missing.map(|index| Entry { index, seconds: HOLE_SECONDS, there: false }));
        entries.push(Entry { index: segment.index, seconds: segment.seconds, there: true });
    }
    entries
}

fn written(init: &str, entries: &[Entry], addresses: &[String], over: bool) -> String {
    let longest = entries.iter().map(|entry| entry.seconds).fold(1.0, f64::max).ceil();
    let kind = if over { "VOD" } else { "EVENT" };
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{longest}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-MAP:URI=\"{init}\"\n"
    );
    for (entry, address) in entries.iter().zip(addresses) {
        let gap = if entry.there { "" } else { "#EXT-X-GAP\n" };
        let _ = writeln!(text, "#EXTINF:{:.3},\n{gap}{address}", entry.seconds);
    }
    if over {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
