//! Where recordings go: the address that is signed, whether browsers may use it, and whether everything that apps do with it
//! works: a PUT, a form, parts.

use common::{
    check::{Check, is_inside},
    http::origin_of,
};
use serde_json::{Value, json};

use super::{RECORDING, TITLE, Visit, door, host_of};
use crate::http::Got;

/// Videos that were made, to be deleted in the end.
#[derive(Default)]
pub(super) struct Uploads {
    /// One that is to become ready, when its recording was stored.
    pub(super) recording: Option<String>,
    /// All of them.
    pub(super) videos: Vec<String>,
}

pub(super) fn all(visit: &Visit<'_>) -> (Vec<Check>, Uploads) {
    let mut uploads = Uploads::default();
    let begin = json!({ "fileName": "trial.mp4", "contentType": "video/mp4", "contentLength": RECORDING.len(), "title": TITLE });
    let begun = match visit.asked("POST", "/api/v1/uploads", Some(&begin)) {
        Ok(begun) => begun,
        Err(says) => {
            let advice = "Look at the presign function's log: it makes the video in the database and signs its upload.";
            return (vec![Check::wrong("sign", "Signing", format!("{says}."), advice)], uploads);
        }
    };
    let video = begun["id"].as_str().unwrap_or_default().to_owned();
    let url = begun["upload"]["url"].as_str().unwrap_or_default().to_owned();
    uploads.videos.push(video.clone());
    let site = origin_of(begun["shareUrl"].as_str().unwrap_or_default()).to_owned();
    let mut checks = vec![public_address(visit, &site), address(&site, &url)];
    let object = url.split('?').next().unwrap_or_default();
    let probe = match visit.http.get(object, &[]) {
        Ok(got) => got,
        Err(silence) => {
            let says = silence.says(host_of(&url));
            let advice = "Addresses are signed for the host in AWS_ENDPOINT_URL_S3. Write one there that is reached from inside \
                          and from outside, open its port, and give it a certificate where the site has one.";
            checks.push(Check::wrong("storage", "Storage", says, advice));
            return (checks, uploads);
        }
    };
    if probe.is_page() {
        let says = format!("A page answers at {}, and not the API of S3.", origin_of(&url));
        let advice = "This looks like the port of a console. Set AWS_ENDPOINT_URL_S3 to the port of the API (MinIO: 9000, and not \
                      9001).";
        checks.push(Check::wrong("storage", "Storage", says, advice));
        return (checks, uploads);
    }
    checks.push(Check::good("storage", "Storage", "The API of S3 answers where signed addresses lead."));
    checks.push(door::clock(&probe, "storage_clock", "Clock of the storage", "the storage"));
    checks.extend([preflight(visit, &site, &url), put(visit, &site, &url, &video, &mut uploads)]);
    if uploads.recording.is_some() {
        checks.extend(anonymous(visit, object));
        checks.extend(others(visit, &mut uploads));
    }
    (checks, uploads)
}

/// What links begin with, beside what was asked.
fn public_address(visit: &Visit<'_>, site: &str) -> Check {
    let (id, name) = ("public_address", "Public address");
    if site == visit.site.base {
        return Check::good(id, name, format!("Links begin with {site}."));
    }
    let says = format!("Links begin with {site}, and this asks {}.", visit.site.base);
    let advice = "Set WebUrl to the address that people use, and use it everywhere: logins and forms of pages at another one are \
                  refused.";
    Check::wrong(id, name, says, advice)
}

fn address(site: &str, url: &str) -> Check {
    let (id, name, storage) = ("storage_address", "Address of the storage", origin_of(url));
    if site.starts_with("https://") && !storage.starts_with("https://") {
        return Check::wrong(
            id,
            name,
            words::checks().storage_unencrypted(storage),
            words::checks().storage_unencrypted_advice,
        );
    }
    if is_inside(host_of(storage)) && !is_inside(host_of(site)) {
        return Check::wrong(id, name, words::checks().storage_inside(storage), words::checks().storage_inside_advice);
    }
    Check::good(id, name, storage)
}

/// What a browser asks before a page may store a part.
fn preflight(visit: &Visit<'_>, site: &str, url: &str) -> Check {
    let (id, name) = ("cors", "CORS for uploads");
    let headers = [
        ("origin", site),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "content-type,content-md5"),
    ];
    let advice = "Give the bucket a CORS rule that allows PUT, POST, GET and HEAD from this site's address, all headers, and exposes \
                  ETag, Content-Range and Accept-Ranges, as template.yaml has it.";
    match visit.http.send("OPTIONS", url, &headers, None) {
        Ok(got) if got.status < 300 && lets(&got, site) => Check::good(id, name, "Pages of the site may store."),
        Ok(got) => {
            let says = format!("The bucket lets no page of {site} store recordings ({}).", got.shown());
            Check::wrong(id, name, says, advice)
        }
        Err(silence) => Check::unknown(id, name, silence.says(host_of(url)), "Run this again."),
    }
}

/// True when pages of an origin may see the answer.
pub(super) fn lets(got: &Got, origin: &str) -> bool {
    matches!(got.header("access-control-allow-origin"), "*") || got.header("access-control-allow-origin") == origin
}

/// True when such pages may read this header of it.
pub(super) fn exposes(got: &Got, wanted: &str) -> bool {
    let exposed = got.header("access-control-expose-headers");
    exposed.split(',').map(str::trim).any(|name| name == "*" || name.eq_ignore_ascii_case(wanted))
}

/// Stores a recording as the cap command does, and looks at the answer as a page would.
fn put(visit: &Visit<'_>, site: &str, url: &str, video: &str, uploads: &mut Uploads) -> Check {
    let (id, name) = ("put", "Upload");
    let headers = [("origin", site), ("content-type", "video/mp4")];
    let got = match visit.http.send("PUT", url, &headers, Some(RECORDING)) {
        Ok(got) => got,
        Err(silence) => {
            return Check::wrong(id, name, silence.says(host_of(url)), "Look at what stands in front of the storage.");
        }
    };
    if got.status != 200 {
        return Check::wrong(id, name, format!("A signed PUT answers {}.", got.shown()), refused(&got));
    }
    uploads.recording = Some(video.to_owned());
    if lets(&got, site) && !exposes(&got, "etag") {
        let advice = "Expose ETag in the bucket's CORS rule: a page that uploads in parts cannot complete without it.";
        return Check::wrong(id, name, "It is stored, and pages may not read its ETag.", advice);
    }
    Check::good(id, name, "A recording is stored at a signed address.")
}

/// What a refusal of S3 means.
fn refused(got: &Got) -> &'static str {
    match got.refusal().as_str() {
        "SignatureDoesNotMatch" => {
            "The functions sign with another secret key than the storage knows, or a proxy in front of the storage changes host or \
             path. Check AWS_SECRET_ACCESS_KEY, and let the proxy pass the Host header on."
        }
        "InvalidAccessKeyId" => {
            "The storage does not know the access key that the functions sign with. Check AWS_ACCESS_KEY_ID."
        }
        "AccessDenied" => {
            "What the functions sign with may not store. Allow s3:PutObject on videos/raw/* to the presign function, and look whether \
             the bucket's policy denies it."
        }
        "RequestTimeTooSkewed" => "The clocks of the functions and of the storage differ. Let both set them by NTP.",
        "NoSuchBucket" => {
            "The bucket that MEDIA_BUCKET names is not at this storage. Create it, or correct the name or the endpoint."
        }
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect" => {
            "The bucket is in another region than the functions sign for. Check AWS_REGION."
        }
        _ => {
            "Look at the storage's log. Some servers want path-style addresses, or refuse what others take (docs/DOCTOR.md)."
        }
    }
}

/// Whether whoever knows or guesses a key may read.
fn anonymous(visit: &Visit<'_>, object: &str) -> Vec<Check> {
    let advice = "Take away what lets everybody read: block public access of the bucket, remove its public policy and ACLs. Nothing \
                  here needs it.";
    let open = |url: &str| visit.http.get(url, &[]).is_ok_and(|got| got.status == 200);
    let bucket = object.split_once("videos/raw/").map_or(object, |(bucket, _)| bucket);
    let mut found = Vec::new();
    if open(object) {
        found.push("read recordings");
    }
    if open(&format!("{bucket}?list-type=2&max-keys=1"))
        || open(&format!("{}?max-keys=1", bucket.trim_end_matches('/')))
    {
        found.push("list the bucket");
    }
    vec![match found.as_slice() {
        [] => Check::good("anonymous", "Anonymous access", "Without a signature nobody reads and nobody lists."),
        open => {
            let says = format!("Anybody may {} without a signature.", open.join(" and "));
            Check::wrong("anonymous", "Anonymous access", says, advice)
        }
    }]
}

/// The other ways in which apps upload, with a video that nobody waits for.
fn others(visit: &Visit<'_>, uploads: &mut Uploads) -> Vec<Check> {
    let path = "/api/desktop/video/create?recordingMode=desktopMP4&name=A+trial+of+make+doctor%2C+to+be+deleted";
    let video = match visit.asked("GET", path, None) {
        Ok(made) => made["id"].as_str().unwrap_or_default().to_owned(),
        Err(says) => {
            let advice = "Look at the presign function's log.";
            return vec![Check::wrong("desktop", "Upload by the desktop", format!("{says}."), advice)];
        }
    };
    uploads.videos.push(video.clone());
    let judged = |id: &str, name: &str, says: &str, done: Result<(), (String, &'static str)>| match done {
        Ok(()) => Check::good(id, name, says),
        Err((says, advice)) => Check::wrong(id, name, format!("{says}."), advice),
    };
    vec![
        judged("form", "Upload by form", "A form with a signed policy is taken.", form(visit, &video)),
        judged("parts", "Upload in parts", "Parts are taken, listed and put together.", parts(visit, &video)),
    ]
}

type Done<T> = Result<T, (String, &'static str)>;

const SIGNER: &str =
    "Look at the presign function's log, and whether it may begin, list and complete uploads of videos/raw/*.";

fn called(visit: &Visit<'_>, path: &str, body: &Value) -> Done<Value> {
    visit.asked("POST", path, Some(body)).map_err(|says| (says, SIGNER))
}

fn stored(visit: &Visit<'_>, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Done<Got> {
    match visit.http.send(method, url, headers, Some(body)) {
        Ok(got) if got.status < 300 => Ok(got),
        Ok(got) => Err((format!("The storage answers {}", got.shown()), refused(&got))),
        Err(silence) => Err((silence.says(host_of(url)).trim_end_matches('.').to_owned(), "Run this again.")),
    }
}

fn form(visit: &Visit<'_>, video: &str) -> Done<()> {
    let signed =
        called(visit, "/api/upload/signed", &json!({ "videoId": video, "subpath": "result.mp4", "method": "post" }))?;
    let signed = &signed["presignedPostData"];
    let boundary = "capstan-doctor-7d0f3b";
    let mut body = Vec::new();
    for (name, value) in signed["fields"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        body.extend(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes(),
        );
    }
    let head = "content-disposition: form-data; name=\"file\"; filename=\"result.mp4\"\r\ncontent-type: video/mp4";
    body.extend(format!("--{boundary}\r\n{head}\r\n\r\n").into_bytes());
    body.extend(RECORDING);
    body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    stored(visit, "POST", signed["url"].as_str().unwrap_or_default(), &[("content-type", &content_type)], &body)
        .map(drop)
}

fn parts(visit: &Visit<'_>, video: &str) -> Done<()> {
    let begun =
        called(visit, "/api/upload/multipart/initiate", &json!({ "videoId": video, "contentType": "video/mp4" }))?;
    let upload = &begun["uploadId"];
    let of_part = json!({ "videoId": video, "uploadId": upload, "partNumber": 1 });
    let signed = called(visit, "/api/upload/multipart/presign-part", &of_part)?;
    let url = signed["presignedUrl"].as_str().unwrap_or_default();
    let put = stored(visit, "PUT", url, &[], RECORDING)?;
    let e_tag = put.header("etag").trim_matches('"').to_owned();
    let listed = called(visit, "/api/upload/multipart/parts", &json!({ "videoId": video, "uploadId": upload }))?;
    if listed["parts"].as_array().is_none_or(|parts| parts.len() != 1) {
        return Err(("A part that was stored is not listed: interrupted uploads begin anew".to_owned(), SIGNER));
    }
    let part = json!({ "partNumber": 1, "etag": e_tag, "size": RECORDING.len() });
    called(visit, "/api/upload/multipart/complete", &json!({ "videoId": video, "uploadId": upload, "parts": [part] }))?;
    Ok(())
}
