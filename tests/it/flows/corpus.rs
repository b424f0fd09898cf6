//! Every kind of upload that people and attackers send, through the real upload and the real function: a right result, or
//! a reason that people understand; and nothing else is touched.

use std::{cell::RefCell, rc::Rc};

use serde_json::Value;
use tests::{
    bait::Bait,
    corpus::{self, Case, Expected, Facts},
    footage,
    person::Person,
    reason, store,
};
use tokio::task::{LocalSet, spawn_local};

/// Uploads at a time.
const AT_ONCE: usize = 4;
/// Bytes of the largest result: a second of a small picture, or hours of nothing.
const LARGEST: usize = 8 << 20;

#[tokio::test]
async fn honest_recordings_of_every_kind_play() {
    all_end_well(corpus::recordings::all().await, Rc::new(Bait::new())).await;
}

#[tokio::test]
async fn damaged_recordings_play_or_are_refused_with_a_reason() {
    all_end_well(corpus::damaged::all().await, Rc::new(Bait::new())).await;
}

#[tokio::test]
async fn claims_of_size_and_length_are_bounded() {
    all_end_well(corpus::large::all().await, Rc::new(Bait::new())).await;
}

#[tokio::test]
async fn what_files_name_is_neither_read_nor_called() {
    let bait = Rc::new(Bait::new());
    all_end_well(corpus::hostile::all(&bait).await, bait).await;
}

/// Uploads each and looks at what becomes of it, a few at a time; tells of all that end otherwise.
async fn all_end_well(cases: Vec<Case>, bait: Rc<Bait>) {
    let (person, waiting) = (Rc::new(Person::new().await), Rc::new(RefCell::new(cases)));
    let wrong = Rc::new(RefCell::new(Vec::new()));
    let workers = LocalSet::new();
    for _ in 0..AT_ONCE {
        let (person, waiting, wrong, bait) = (person.clone(), waiting.clone(), wrong.clone(), bait.clone());
        workers.spawn_local(async move {
            loop {
                let Some(case) = waiting.borrow_mut().pop() else { return };
                let (name, person, bait) = (case.name.clone(), person.clone(), bait.clone());
                if let Err(ended) = spawn_local(async move { ends_well(&person, case, &bait).await }).await {
                    let said = ended.into_panic().downcast::<String>().unwrap_or_default();
                    wrong.borrow_mut().push(format!("{name}: {said}"));
                }
            }
        });
    }
    workers.await;
    bait.is_untouched();
    let wrong = wrong.borrow();
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn ends_well(person: &Person, case: Case, bait: &Bait) {
    let video = person.record("Corpus", case.bytes.clone()).await;
    let status = person.ends(&video).await;
    let keys = store::keys_of(&video).await;
    let raw = format!("videos/raw/{video}.mp4");
    assert!(keys.contains(&raw), "the upload itself is kept: {keys:?}");
    for key in keys.iter().filter(|key| **key != raw) {
        let content = store::content(key).await;
        assert!(content.len() <= LARGEST, "{key} has {} bytes", content.len());
        for foreign in [bait.secret.as_str(), "root:x:0:0"] {
            assert!(!holds(&content, foreign), "{key} holds what its uploader has not");
        }
        // Samples that nothing refers to any more may stay where they are.
        let index = &content[..position(&content, b"mdat").unwrap_or(content.len())];
        for named in [bait.address(), bait.path()] {
            assert!(!holds(index, &named), "the index of {key} names {named}");
        }
    }
    if status["overall"] == "failed" {
        let said = status["upload"]["reason"].as_str().expect("a reason");
        assert!(!status.to_string().contains(&bait.secret), "{status}");
        reason::is_for_people(said);
        assert_eq!(keys, [raw], "nothing but the upload is kept");
        match case.expected {
            Expected::Failed(words) => assert!(words.iter().any(|word| said.contains(word)), "{words:?} in: {said}"),
            Expected::Either => {}
            Expected::Ready(_) => panic!("failed: {said}"),
        }
        return;
    }
    match case.expected {
        Expected::Failed(words) => panic!("ready, not refused with one of {words:?}"),
        Expected::Either => plays(&person.watch(&video).await).await,
        Expected::Ready(facts) => is(person, &video, &case.bytes, facts).await,
    }
}

fn holds(content: &[u8], text: &str) -> bool {
    position(content, text.as_bytes()).is_some()
}

fn position(content: &[u8], part: &[u8]) -> Option<usize> {
    content.windows(part.len()).position(|window| window == part)
}

/// Anything that is published is a picture that every player shows, with its index in front.
async fn plays(played: &[u8]) {
    let probed = footage::probe(played).await;
    let pictures = of_kind(&probed, "video");
    assert_eq!(pictures.len(), 1, "{probed}");
    assert_eq!((&pictures[0]["codec_name"], &pictures[0]["pix_fmt"]), (&"h264".into(), &"yuv420p".into()));
    assert!(of_kind(&probed, "audio").iter().all(|sound| sound["codec_name"] == "aac"), "{probed}");
    assert_eq!(of_kind(&probed, "video").len() + of_kind(&probed, "audio").len(), streams(&probed).count(), "{probed}");
    assert!(position(played, b"moov") < position(played, b"mdat"), "players want the index first");
}

/// What is published is right, and what the row tells of it as well.
async fn is(person: &Person, video: &str, source: &[u8], facts: Facts) {
    let played = person.watch(video).await;
    plays(&played).await;
    footage::decode(&played).await.unwrap_or_else(|error| panic!("it does not decode: {error}"));
    let (before, after) = (footage::probe(source).await, footage::probe(&played).await);
    assert_eq!(of_kind(&after, "audio").len(), usize::from(facts.sound), "sounds");
    let seconds = number(&after["format"]["duration"]);
    assert!((seconds - facts.seconds).abs() < 0.15, "{seconds} s, not {}", facts.seconds);
    if facts.sound {
        let lag = |probed: &Value| {
            number(&of_kind(probed, "audio")[0]["start_time"]) - number(&of_kind(probed, "video")[0]["start_time"])
        };
        assert!((lag(&before) - lag(&after)).abs() < 0.08, "sound lags {} s, not {}", lag(&after), lag(&before));
    }
    if facts.copied {
        assert_eq!(footage::packets(&played).await, footage::packets(source).await, "packets or their times differ");
    }
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    let told = (cap["width"].as_u64(), cap["height"].as_u64());
    assert_eq!(told, (Some(facts.width.into()), Some(facts.height.into())), "pixels");
    let length = cap["durationMs"].as_f64().expect("a length") / 1000.0;
    assert!((length - facts.seconds).abs() < 0.15, "{length} s are told, not {}", facts.seconds);
}

fn streams(probed: &Value) -> impl Iterator<Item = &Value> {
    probed["streams"].as_array().expect("streams").iter()
}

fn of_kind<'a>(probed: &'a Value, kind: &str) -> Vec<&'a Value> {
    streams(probed).filter(|stream| stream["codec_type"] == kind).collect()
}

/// FFmpeg writes numbers as text, and none at all for what it does not know.
fn number(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0.0)
}
