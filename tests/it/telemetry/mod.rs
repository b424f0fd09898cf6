//! What functions write while they work, read as CloudWatch would read it.

mod lines;
mod metrics;
mod monitoring;
mod queries;

use common::{ids::MailId, objects::keys};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::{Cloud, repository},
    footage,
    person::Person,
    store,
    visitor::Visitor,
    wait::until,
};
use tokio::sync::OnceCell;

/// A cloud of its own on which some things have gone well, and some badly, and which is quiet now.
struct Day {
    cloud: &'static Cloud,
    /// Somebody with a key.
    person: Person,
    /// What they have recorded.
    video: String,
    /// What they have uploaded that is no recording.
    rejected: String,
    /// A second link of theirs, with a password.
    code: String,
    /// Somebody who signed in by mail.
    visitor: String,
}

async fn day() -> &'static Day {
    static DAY: OnceCell<Day> = OnceCell::const_new();
    DAY.get_or_init(live).await
}

async fn live() -> Day {
    let started = tokio::task::spawn_blocking(Cloud::start).await.expect("a cloud");
    let cloud: &'static Cloud = Box::leak(Box::new(started));

    // Logins: one, a wrong code, a mailbox that wants too many.
    let visitor = Visitor::on(cloud);
    let mail = visitor.ask().await;
    let wrong = if mail.code() == "123456" { "654321" } else { "123456" };
    assert_eq!(visitor.type_code(wrong).await.status, 403);
    assert_eq!(visitor.type_code(&mail.code()).await.status, 303);
    let program = Visitor::on(cloud);
    let ask = async || {
        let body = json!({ "email": program.email });
        program.json(Method::POST, "/api/mobile/session/email/request", body).await.status
    };
    until("too many mails", async || (ask().await == 429).then_some(())).await;

    // A recording, something else, and something of nobody's.
    let person = Person::on(cloud).await;
    // Noise takes so many bytes that S3 copies most of them.
    let noise = "testsrc2=size=640x360:rate=30:duration=2,noise=alls=80:allf=t";
    let arguments = format!("-f lavfi -i {noise} -c:v libx264 -preset ultrafast -crf 6 -pix_fmt yuv420p");
    let video = person.record("Talk", footage::make(&arguments, "mp4").await).await;
    person.ready(&video).await;
    let rejected = person.record("Diary", b"Dear diary,".repeat(50)).await;
    person.failed(&rejected).await;
    let (succeeded, _) = cloud.invoke_sync("transcode", &created("videos/raw/0123456789abcde.mp4")).await;
    assert!(!succeeded, "an upload of a video that is not there");

    // Watched by a link with a password, and by one that is none.
    let made = person.post(&format!("/api/videos/{video}/links"), json!({ "password": "correct horse" })).await;
    let mut code = made.body["links"].as_array().expect("links").iter().filter_map(|link| link["code"].as_str());
    let code = code.next_back().expect("a link").to_owned();
    let somebody = Visitor::on(cloud);
    for (password, status) in [("battery staple", 403), ("correct horse", 200)] {
        let told = somebody.json(Method::POST, &format!("/s/{code}"), json!({ "password": password })).await;
        assert_eq!(told.status, status, "{told:?}");
    }
    for path in ["/s/{code}", "/api/playlist?videoId={code}&videoType=mp4", "/api/thumbnail?videoId={code}"] {
        let shown = somebody.get(&path.replace("{code}", &code)).await;
        assert!(matches!(shown.status, 200 | 302), "{shown:?}");
    }
    assert_eq!(somebody.get("/s/nosuchlinkatall").await.status, 404);

    for function in ["transcode", "mail", "notify"] {
        let schedule = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        let (succeeded, answer) = cloud.invoke_sync(function, &schedule).await;
        assert!(succeeded, "{answer}");
    }
    until("quiet", async || {
        let functions = cloud.local("functions").await;
        functions.as_array().expect("functions").iter().all(|one| one["asyncInFlight"] == 0).then_some(())
    })
    .await;

    // At last the ledger is gone: a login and a mail fail by the server's fault.
    store::no_ledger(cloud).await;
    let body = json!({ "email": Visitor::on(cloud).email });
    let failed = Visitor::on(cloud).json(Method::POST, "/api/mobile/session/email/request", body).await;
    assert_eq!(failed.status, 503, "{failed:?}");
    let (succeeded, _) = cloud.invoke_sync("mail", &created(&keys::mail(&MailId::random().expect("random")))).await;
    assert!(!succeeded, "a mail without a claim");
    Day { cloud, person, video, rejected, code, visitor: visitor.id().await }
}

/// What S3 says of a new object.
fn created(key: &str) -> Value {
    json!({ "Records": [{ "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-31T12:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {}, "requestParameters": {}, "responseElements": {},
        "s3": { "bucket": {}, "object": { "key": key, "size": 1, "eTag": "abc", "sequencer": "0055" } } }] })
}

/// A template of the repository.
fn template(file: &str) -> Value {
    let text = std::fs::read_to_string(repository().join(file)).expect(file);
    local::template::yaml(&text, file).expect(file)
}
