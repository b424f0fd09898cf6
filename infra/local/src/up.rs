//! What `make up` does once everything answers: the demo account, a first recording that goes the real way, and the
//! file that scripts wait for.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use common::{
    config::DatabaseConfig,
    db::{Database, api_keys, users},
    email::Email,
    ids::{ApiKey, UserId},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cloud::LocalCloud;

/// Mailbox of the demo account, which runs the server.
pub(crate) const EMAIL: &str = "demo@capstan.localhost";
/// How long a recording may take to become ready: encoding runs at about real time on a small laptop.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What to put in at the start.
#[derive(Debug, Default)]
pub struct Options {
    /// Recordings to upload.
    pub uploads: Vec<PathBuf>,
    /// Whether to make and upload a sample when there is no recording yet.
    pub sample: bool,
}

/// The demo account, kept between runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Demo {
    api_key: String,
    user_id: String,
    video_id: Option<String>,
}

/// `ready.json`: what scripts and tests go by.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready<'a> {
    base: &'a str,
    api_key: &'a str,
    user_id: &'a str,
    email: &'a str,
    share_url: Option<&'a str>,
    video_id: Option<&'a str>,
    s3_endpoint: &'a str,
    bucket: &'a str,
    own_s3: OwnS3<'a>,
    foreign_s3: Option<ForeignS3<'a>>,
    database_url: &'a str,
    dynamodb_endpoint: &'a str,
    lambda_endpoint: &'a str,
    smtp_address: String,
    access_key_id: &'a str,
    secret_access_key: &'a str,
}

/// The local cloud's own S3. Jobs and mails are always there, recordings unless there is a foreign one.
#[derive(Debug, Serialize)]
struct OwnS3<'a> {
    endpoint: &'a str,
    bucket: &'a str,
}

/// Another S3, which holds the recordings. Its bucket and endpoint are `bucket` and `s3Endpoint` then.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ForeignS3<'a> {
    region: &'a str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
}

/// Path of `ready.json` in a state directory.
#[must_use]
pub fn ready_file(state: &Path) -> PathBuf {
    state.join("ready.json")
}

/// Removes `ready.json`: from here on nothing answers, or not yet.
pub fn retract(state: &Path) {
    // Missing is what is wanted.
    let _ = fs::remove_file(ready_file(state));
}

/// Seeds, uploads, writes `ready.json`, and says where everything is.
pub async fn announce(cloud: &LocalCloud, options: &Options) -> Result<()> {
    let demo_file = cloud.state_dir.join("demo.json");
    let mut demo = seed(cloud, &demo_file).await?;
    for file in &options.uploads {
        demo.video_id = Some(publish(cloud, &demo, file, None).await?);
    }
    if options.sample && options.uploads.is_empty() && !still_there(cloud, &demo).await? {
        let sample = sample(&cloud.state_dir).await?;
        demo.video_id = Some(publish(cloud, &demo, &sample, Some("A sample recording")).await?);
    }
    write_private(&demo_file, &demo)?;
    let share_url = demo.video_id.as_ref().map(|id| format!("{}/s/{id}", cloud.base_url));
    let ready = Ready {
        base: &cloud.base_url,
        api_key: &demo.api_key,
        user_id: &demo.user_id,
        email: EMAIL,
        share_url: share_url.as_deref(),
        video_id: demo.video_id.as_deref(),
        s3_endpoint: cloud.foreign.as_ref().map_or(&cloud.s3_endpoint, |foreign| &foreign.endpoint),
        bucket: cloud.foreign.as_ref().map_or(&cloud.bucket, |foreign| &foreign.bucket),
        own_s3: OwnS3 { endpoint: &cloud.s3_endpoint, bucket: &cloud.bucket },
        foreign_s3: cloud.foreign.as_ref().map(|foreign| ForeignS3 {
            region: &foreign.region,
            access_key_id: &foreign.access_key_id,
            secret_access_key: &foreign.secret_access_key,
        }),
        database_url: &cloud.database_url,
        dynamodb_endpoint: &cloud.dynamodb_endpoint,
        lambda_endpoint: &cloud.lambda_endpoint,
        smtp_address: cloud.smtp_address.to_string(),
        access_key_id: &cloud.access_key_id,
        secret_access_key: &cloud.secret_access_key,
    };
    write_private(&ready_file(&cloud.state_dir), &ready)?;
    println!();
    if let Some(url) = &share_url {
        println!("  Share link   {url}");
    }
    println!("  Server       {}", cloud.base_url);
    println!("  API key      {}   (Authorization: Bearer …)", demo.api_key);
    println!("  Sign in      {}/login   (as {EMAIL} or anybody)", cloud.base_url);
    println!("  Mail         {}/_local/mail", cloud.base_url);
    if let Some(foreign) = &cloud.foreign {
        println!("  Recordings   {}/{}", foreign.endpoint, foreign.bucket);
    }
    println!("  Data         {}   (make clean removes it)", cloud.state_dir.display());
    println!("\n  Ctrl-C stops everything and keeps the data.\n");
    Ok(())
}

async fn seed(cloud: &LocalCloud, file: &Path) -> Result<Demo> {
    let demo = match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} cannot be read; make clean starts afresh", file.display()))?,
        Err(_) => Demo {
            api_key: ApiKey::random()?.expose().to_owned(),
            user_id: UserId::random()?.to_string(),
            video_id: None,
        },
    };
    // Kept before it is used, so that a key in the database is never one that nobody knows.
    write_private(file, &demo)?;
    let (Some(key), Some(user)) = (ApiKey::parse(&demo.api_key), UserId::parse(&demo.user_id)) else {
        bail!("{} holds no valid key; make clean starts afresh", file.display());
    };
    let db = Database::new(&DatabaseConfig { url: Secret::new(&cloud.database_url), ca: None, pauses: false })?;
    let mut db = db.connect().await?;
    let email = Email::parse(EMAIL).context("the demo account has no address")?;
    users::ensure(&mut db, &user, &email, "Demo").await?;
    api_keys::create(&mut db, &key, &user, "desktop", "make up").await?;
    Ok(demo)
}

/// Uploads a recording as the `cap` command does, and waits until it plays.
async fn publish(cloud: &LocalCloud, demo: &Demo, file: &Path, name: Option<&str>) -> Result<String> {
    let size = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    if size == 0 {
        bail!("{} is empty: there is nothing to upload", file.display());
    }
    let stem = file.file_stem().map_or_else(|| "recording".into(), |stem| stem.to_string_lossy());
    let client = Client { base: cloud.base_url.clone(), api_key: demo.api_key.clone() };
    let name = name.unwrap_or(&stem).to_owned();
    let file = file.to_owned();
    tokio::task::spawn_blocking(move || client.publish(&file, size, &name)).await?
}

async fn still_there(cloud: &LocalCloud, demo: &Demo) -> Result<bool> {
    let Some(id) = demo.video_id.clone() else { return Ok(false) };
    let client = Client { base: cloud.base_url.clone(), api_key: demo.api_key.clone() };
    tokio::task::spawn_blocking(move || Ok(client.status(&id)?.is_some_and(|status| status["overall"] == "ready")))
        .await?
}

/// The API as a client sees it. Blocking, since a client of a few calls needs no more.
struct Client {
    base: String,
    api_key: String,
}

impl Client {
    fn publish(&self, file: &Path, size: u64, name: &str) -> Result<String> {
        let created: Value = ureq::get(format!("{}/api/desktop/video/create", self.base))
            .query("recordingMode", "desktopMP4")
            .query("name", name)
            .header("authorization", format!("Bearer {}", self.api_key))
            .call()
            .and_then(|mut answer| answer.body_mut().read_json())
            .context("the video could not be created")?;
        let id = created["id"].as_str().context("the answer names no video")?.to_owned();
        let signed: Value = ureq::post(format!("{}/api/upload/signed", self.base))
            .header("authorization", format!("Bearer {}", self.api_key))
            .send_json(serde_json::json!({ "videoId": id, "subpath": "result.mp4", "method": "put" }))
            .and_then(|mut answer| answer.body_mut().read_json())
            .context("the upload could not be signed")?;
        let url = signed["presignedPutData"]["url"].as_str().context("the answer has no address")?;
        ureq::put(url)
            .header("content-length", size)
            .send(File::open(file)?)
            .with_context(|| format!("{} could not be uploaded", file.display()))?;
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.status(&id)?.with_context(|| format!("video {id} is gone"))?;
            match status["overall"].as_str() {
                Some("ready") => return Ok(id),
                Some("failed") => {
                    let reason = status["upload"]["reason"].as_str().unwrap_or("It could not be prepared.");
                    bail!("{} was uploaded and does not play: {reason}", file.display());
                }
                _ if Instant::now() > until => bail!("{} is not ready after an hour", file.display()),
                _ => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// The video's status; `None` when it is not there.
    fn status(&self, id: &str) -> Result<Option<Value>> {
        let answer = ureq::get(format!("{}/api/v1/caps/{id}/status", self.base))
            .header("authorization", format!("Bearer {}", self.api_key))
            .call();
        match answer {
            Ok(mut answer) => Ok(Some(answer.body_mut().read_json()?)),
            Err(ureq::Error::StatusCode(404)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A few seconds of moving picture and sound, with its index last, as recorders write it.
async fn sample(state: &Path) -> Result<PathBuf> {
    let file = state.join("sample.mp4");
    if file.exists() {
        return Ok(file);
    }
    let draft = state.join("sample.draft.mp4");
    let made = tokio::process::Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"])
        .args(["-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=12"])
        .args(["-f", "lavfi", "-i", "sine=frequency=440:beep_factor=4:duration=12"])
        .args(["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest"])
        .arg(&draft)
        .kill_on_drop(true)
        .status()
        .await
        .context("ffmpeg could not be started; make up installs it")?;
    if !made.success() {
        bail!("ffmpeg could not make the sample recording");
    }
    fs::rename(&draft, &file)?;
    Ok(file)
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, value: &impl Serialize) -> Result<()> {
    let draft = path.with_extension("draft");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(serde_json::to_string_pretty(value)?.as_bytes())?;
    file.write_all(b"\n")?;
    drop(file);
    fs::rename(&draft, path).with_context(|| format!("cannot write {}", path.display()))
}
