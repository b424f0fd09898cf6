//! A recording on its way: published, played, shared, deleted.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    Visit, host_of,
    storage::{Uploads, exposes, lets},
};
use common::{check::Check, http::origin_of};

/// Time between two looks at whether it is ready.
const PERIOD: Duration = Duration::from_millis(500);

pub(super) fn all(visit: &Visit<'_>, uploads: &Uploads) -> Vec<Check> {
    let mut checks = Vec::new();
    match &uploads.recording {
        Some(video) => {
            let (ready, is_ready) = ready(visit, video);
            checks.push(ready);
            if is_ready {
                checks.extend([playback(visit, video), share(visit, video)]);
            }
        }
        None => {
            let unknown = Check::unknown("ready", "Publishing", "Nothing could be stored.", "Mend the storage first.");
            checks.push(unknown);
        }
    }
    checks.push(delete(visit, &uploads.videos));
    checks
}

/// The event of the bucket, the transcode function, its layer and its permissions, all at once.
fn ready(visit: &Visit<'_>, video: &str) -> (Check, bool) {
    let (id, name) = ("ready", "Publishing");
    let begun = Instant::now();
    let last = loop {
        let status = match visit.asked("GET", &format!("/api/v1/caps/{video}/status"), None) {
            Ok(status) => status,
            Err(says) => {
                let advice = "Look at the metadata function's log.";
                return (Check::wrong(id, name, format!("{says}."), advice), false);
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        match status["overall"].as_str() {
            Some("ready") => {
                return (Check::good(id, name, format!("A small recording was ready after {seconds:.1} s.")), true);
            }
            Some("failed") => {
                let reason = status["upload"]["reason"].as_str().unwrap_or_default();
                let says = format!("A good recording was refused: {reason}");
                let advice = "Look at the transcode function's log, and at FFmpeg below.";
                return (Check::wrong(id, name, says, advice), false);
            }
            _ if begun.elapsed() > visit.site.wait => break status,
            _ => thread::sleep(PERIOD),
        }
    };
    let waited = visit.site.wait.as_secs();
    let check = if last["overall"] == "processing" {
        let says = format!("After {waited} seconds the transcode function is still at a small recording.");
        let advice = "Look at its log: a timeout, too little memory, or a part that it may not read or write.";
        Check::wrong(id, name, says, advice)
    } else {
        let says = format!("After {waited} seconds no function has begun to publish a recording that is stored.");
        let advice = "The bucket's notification for videos/raw/ does not reach the transcode function, or that does not start. Look \
                      whether the notification is there, whether S3 may invoke the function, at its log, and at the transcode \
                      function and FFmpeg below. A storage without notifications is looked through every five minutes: \
                      give WAIT=400.";
        Check::wrong(id, name, says, advice)
    };
    (check, false)
}

/// As a player does: a piece of what the playlist leads to, from a page of the site.
fn playback(visit: &Visit<'_>, video: &str) -> Check {
    let (id, name) = ("playback", "Playback");
    let function = "Look at the share function's log.";
    let url = visit.url(&format!("/api/playlist?videoId={video}&videoType=mp4"));
    let led = match visit.http.get(&url, &[]) {
        Ok(led) if led.status == 302 => led,
        Ok(led) => return Check::wrong(id, name, format!("The address of a video answers {}.", led.shown()), function),
        Err(silence) => return Check::wrong(id, name, silence.says(host_of(&url)), function),
    };
    let media = led.header("location");
    let got = match visit.http.get(media, &[("origin", &visit.site.base), ("range", "bytes=0-99")]) {
        Ok(got) => got,
        Err(silence) => {
            let advice = "What is played lies at an address that is not reached from here. Check AWS_ENDPOINT_URL_S3 or the CDN.";
            return Check::wrong(id, name, silence.says(host_of(media)), advice);
        }
    };
    if got.status != 206 || got.body.len() != 100 {
        let says = format!("A piece of a video answers {}.", got.shown());
        let advice = "Allow s3:GetObject on videos/processed/* to the share function, and let whatever is in front of the storage pass \
                      Range on.";
        return Check::wrong(id, name, says, advice);
    }
    if !lets(&got, &visit.site.base) || !exposes(&got, "content-range") {
        let says = "It plays, and players that load it by script may not read it.";
        let advice = "Allow GET and HEAD from this site's address in the bucket's CORS rule, and expose Content-Range and \
                      Accept-Ranges.";
        return Check::wrong(id, name, says, advice);
    }
    Check::good(id, name, format!("It plays from {}.", origin_of(media)))
}

fn share(visit: &Visit<'_>, video: &str) -> Check {
    let (id, name) = ("share", "Share page");
    let url = visit.url(&format!("/s/{video}"));
    match visit.http.get(&url, &[]) {
        Ok(page) if page.status == 200 && page.text().contains("<video") => {
            Check::good(id, name, "Whoever has the link sees the video.")
        }
        Ok(page) => {
            let says = format!("The page of a video answers {}.", page.shown());
            Check::wrong(id, name, says, "Look at the share function's log, and whether /s/{code} is routed to it.")
        }
        Err(silence) => Check::wrong(id, name, silence.says(host_of(&url)), "Look at the share function's log."),
    }
}

/// Removes what this look has left.
fn delete(visit: &Visit<'_>, videos: &[String]) -> Check {
    let (id, name) = ("delete", "Deleting");
    let gone =
        videos.iter().map(|video| visit.asked("DELETE", &format!("/api/desktop/video/delete?videoId={video}"), None));
    match gone.filter_map(Result::err).next() {
        None => Check::good(id, name, "What was uploaded for this is deleted."),
        Some(says) => {
            let advice = "Look at the metadata function's log: it must be allowed to list and delete below videos/ and thumbnails/. \
                          Delete the trial in the library.";
            Check::wrong(id, name, format!("{says}."), advice)
        }
    }
}
