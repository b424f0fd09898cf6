//! Two hundred people who record at once, and as many who watch them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mysql_async::Conn;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cloud::Cloud,
    instant::{Footage, SEGMENT},
    person::{Person, client},
    rows,
    statements::{counts, since},
    wait::until,
};
use tokio::task::JoinSet;

use super::table;

/// Recordings that go on at once.
const RECORDINGS: u32 = 200;
/// Segments of each.
const SEGMENTS: usize = 6;

/// What was asked how often, what went wrong, and how long the slowest answer took.
#[derive(Default)]
struct Tally {
    calls: BTreeMap<&'static str, (u64, Duration)>,
    errors: Vec<String>,
}

/// Somebody who records and somebody who watches.
#[derive(Clone)]
struct Pair {
    person: Arc<Person>,
    footage: Arc<Footage>,
    http: reqwest::Client,
    base: &'static str,
    video: String,
    tally: Arc<Mutex<Tally>>,
}

impl Pair {
    /// Sends a request; the answer, or nothing when it is an error.
    async fn ask(&self, what: &'static str, request: RequestBuilder) -> Option<String> {
        let began = Instant::now();
        let answer = async {
            let response = request.send().await.map_err(|error| error.to_string())?;
            let status = response.status();
            let text = response.bytes().await.map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&text).into_owned();
            if status == 200 { Ok(text) } else { Err(format!("{status} {text}")) }
        };
        let answer = answer.await;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, slowest) = tally.calls.entry(what).or_default();
        (*count, *slowest) = (*count + 1, began.elapsed().max(*slowest));
        answer.map_err(|error| tally.errors.push(format!("{what}: {error}"))).ok()
    }

    async fn json(&self, what: &'static str, request: RequestBuilder) -> Value {
        let text = self.ask(what, request).await.unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.person.request(Method::POST, path).json(body)
    }

    fn create(&self) -> RequestBuilder {
        self.person.request(Method::GET, "/api/desktop/video/create?recordingMode=desktopSegments&name=Live")
    }

    fn sign(&self) -> RequestBuilder {
        let body = json!({ "videoId": self.video, "subpath": "segments/manifest.json", "method": "put" });
        self.post("/api/upload/signed", &body)
    }

    fn batch(&self, names: [&str; 2]) -> RequestBuilder {
        self.post("/api/upload/signed/batch", &json!({ "videoId": self.video, "subpaths": names }))
    }

    fn playlist(&self, kind: &str) -> RequestBuilder {
        self.http.get(format!("{}/api/playlist?videoId={}&videoType=segments-{kind}", self.base, self.video))
    }

    async fn put(&self, url: &Value, bytes: Vec<u8>) {
        let put = self.http.put(url.as_str().unwrap_or_default()).body(bytes);
        self.ask("PUT to S3", put).await;
    }

    /// Stores a file of each track.
    async fn store(&self, name: &str, video: Vec<u8>, audio: Vec<u8>) {
        let names = ["video", "audio"].map(|track| format!("segments/{track}/{name}"));
        let [one, other] = &names;
        let signed = self.json("POST /api/upload/signed/batch", self.batch([one, other])).await;
        tokio::join!(self.put(&signed["urls"][one], video), self.put(&signed["urls"][other], audio));
    }

    async fn manifest(&self, segments: usize, is_complete: bool) {
        let listed: Vec<_> = (1..=segments).map(|index| json!({ "index": index, "duration": SEGMENT })).collect();
        let manifest = json!({
            "version": 2, "video_init_uploaded": true, "audio_init_uploaded": true,
            "video_segments": listed, "audio_segments": listed, "is_complete": is_complete,
        });
        let signed = self.json("POST /api/upload/signed", self.sign()).await;
        self.put(&signed["presignedPutData"]["url"], manifest.to_string().into_bytes()).await;
    }

    /// Records from the button to the last segment, and does not say that it is over.
    async fn record(&mut self) {
        let created = self.json("GET /api/desktop/video/create", self.create()).await;
        created["id"].as_str().unwrap_or_default().clone_into(&mut self.video);
        let footage = Arc::clone(&self.footage);
        let sound = footage.audio.as_ref().expect("sound");
        self.store("init.mp4", footage.video.init.clone(), sound.init.clone()).await;
        for number in 1..=SEGMENTS {
            // A second passes, another one, and a segment is there.
            self.manifest(number - 1, false).await;
            let segment = |track: &tests::instant::Track| track.segments[number - 1].clone();
            self.store(&format!("segment_{number:03}.m4s"), segment(&footage.video), segment(sound)).await;
            self.manifest(number, false).await;
            self.watch().await;
        }
    }

    /// Asks for everything that a player asks for, and for the newest segment.
    async fn watch(&self) {
        self.ask("GET segments-master", self.playlist("master")).await;
        self.ask("GET segments-audio", self.playlist("audio")).await;
        let playlist = self.ask("GET segments-video", self.playlist("video")).await.unwrap_or_default();
        let newest = playlist.lines().rfind(|line| line.starts_with("http")).unwrap_or_default();
        self.ask("GET from S3", self.http.get(newest)).await;
    }

    async fn end(&self) {
        self.manifest(SEGMENTS, true).await;
        let complete = self.post("/api/upload/recording-complete", &json!({ "videoId": self.video }));
        self.ask("POST /api/upload/recording-complete", complete).await;
    }
}

/// How often the functions have been invoked that nobody here asks, once none of them is at work: schedules do.
async fn by_schedules(cloud: &Cloud) -> Vec<Value> {
    until("schedules to be done", async || {
        let functions = cloud.local("functions").await;
        let all = functions.as_array().expect("functions").iter();
        let others = all.filter(|function| ["mail", "transcode"].iter().any(|name| function["binary"] == *name));
        let at_work = |function: &&Value| function["environments"].to_string().contains("\"busy\":true");
        let (busy, idle): (Vec<_>, Vec<_>) = others.partition(at_work);
        busy.is_empty().then(|| idle.into_iter().map(|function| function["counters"]["invocations"].clone()).collect())
    })
    .await
}

/// As [`cost_of_all`], when nothing else has happened meanwhile.
async fn cost(
    cloud: &Cloud,
    connection: &mut Conn,
    pairs: &[Pair],
    request: impl Fn(&Pair) -> RequestBuilder,
) -> (f64, f64) {
    loop {
        let before = by_schedules(cloud).await;
        let cost = cost_of_all(cloud, connection, pairs, &request).await;
        if by_schedules(cloud).await == before {
            return cost;
        }
    }
}

/// Statements and requests to S3 that one call costs, when all pairs make it at once.
async fn cost_of_all(
    cloud: &Cloud,
    connection: &mut Conn,
    pairs: &[Pair],
    request: impl Fn(&Pair) -> RequestBuilder,
) -> (f64, f64) {
    let (before, stored) = (counts(connection).await, cloud.s3_requests().await);
    let mut asking = JoinSet::new();
    for pair in pairs {
        let (pair, request) = (pair.clone(), request(pair));
        asking.spawn(async move { pair.ask("counted", request).await.map(drop) });
    }
    asking.join_all().await;
    let spent = since(&before, &counts(connection).await)["Questions"] - 1;
    let a_call = |count: u64| f64::from(u32::try_from(count).expect("few")) / f64::from(RECORDINGS);
    (a_call(spent), a_call(cloud.s3_requests().await - stored))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "make load"]
async fn two_hundred_recordings_at_once_go_without_an_error() {
    let cloud = tokio::task::spawn_blocking(|| Box::leak(Box::new(Cloud::start()))).await.expect("a cloud");
    let seconds = SEGMENT * u32::try_from(SEGMENTS).expect("few");
    let footage = Arc::new(Footage::new("160x90", seconds).await);
    let (http, tally) = (client(), Arc::<Mutex<Tally>>::default());
    let mut recording = JoinSet::new();
    for _ in 0..RECORDINGS {
        let mut pair = Pair {
            person: Arc::new(Person::on(cloud).await),
            footage: Arc::clone(&footage),
            http: http.clone(),
            base: &cloud.ready.base,
            video: String::new(),
            tally: Arc::clone(&tally),
        };
        recording.spawn(async move {
            pair.record().await;
            pair
        });
    }
    let began = Instant::now();
    let pairs = recording.join_all().await;
    let recorded = began.elapsed();

    let mut connection = rows::connection(cloud).await;
    let mut costs = Vec::new();
    let mut measure = async |what: &'static str, request: &dyn Fn(&Pair) -> RequestBuilder| {
        let cost = cost(cloud, &mut connection, &pairs, request).await;
        costs.push((what, cost));
        cost
    };
    assert_eq!(measure("POST /api/upload/signed", &Pair::sign).await, (1.0, 0.0));
    let names = ["segments/video/segment_001.m4s", "segments/audio/segment_001.m4s"];
    assert_eq!(measure("POST /api/upload/signed/batch", &|pair| pair.batch(names)).await, (1.0, 0.0));
    assert_eq!(measure("GET segments-master", &|pair| pair.playlist("master")).await, (1.0, 1.0));
    assert_eq!(measure("GET segments-video", &|pair| pair.playlist("video")).await, (1.0, 1.0));

    let mut ending = JoinSet::new();
    for pair in &pairs {
        let pair = pair.clone();
        ending.spawn(async move { pair.end().await });
    }
    ending.join_all().await;
    let ended = Instant::now();
    for pair in &pairs {
        until("the next recording to be ready", async || {
            let state = pair.person.status(&pair.video).await;
            assert_ne!(state["overall"], "failed", "{state}");
            (state["overall"] == "ready").then_some(())
        })
        .await;
    }

    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    let calls = tally.calls.iter().filter(|(what, _)| **what != "counted");
    let made = calls.map(|(what, (count, slowest))| (*what, format!("{count}, {:.1} s", slowest.as_secs_f64())));
    let mut lines = vec![
        ("recordings at once", RECORDINGS.to_string()),
        ("seconds for twelve seconds of each", recorded.as_secs().to_string()),
        ("all of them one file after seconds", ended.elapsed().as_secs().to_string()),
        ("errors", tally.errors.len().to_string()),
    ];
    lines.extend(made);
    table("Two hundred recordings in progress: calls, and the slowest one", &lines);
    let costs: Vec<_> = costs.iter().map(|(what, (sql, s3))| (*what, format!("{sql}, {s3}"))).collect();
    table("What one of two hundred calls at once costs: statements, requests to S3", &costs);
    assert!(tally.errors.is_empty(), "{:?}", &tally.errors[..tally.errors.len().min(5)]);
}
