//! Views on their way to Tinybird, which a small server plays.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{cloud::Cloud, person::Person, rows, store, watcher::Watcher};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

const TOKEN: &str = "p.secret-token-of-tinybird";

/// A request: its head, and its lines.
type Received = (String, Vec<Value>);

/// Answers each request with a status, and remembers what it was sent.
struct Tinybird {
    origin: String,
    status: Arc<AtomicU16>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Tinybird {
    async fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let (status, received) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Vec::new())));
        let (answer, kept) = (Arc::clone(&status), Arc::clone(&received));
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.expect("a connection");
                let mut connection = BufReader::new(connection);
                let request = request(&mut connection).await;
                kept.lock().expect("kept").push(request);
                let body = r#"{"successful_rows":1,"quarantined_rows":0}"#;
                let status = answer.load(Ordering::SeqCst);
                let length = body.len();
                let text =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
                connection.write_all(text.as_bytes()).await.expect("an answer");
            }
        });
        Self { origin, status, received }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What came since this was last asked.
    fn came(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().expect("received"))
    }

    /// Events that came, by their ids. The schedule may forward beside a test, and what is told twice has the same id.
    fn events(&self) -> BTreeMap<String, Value> {
        let lines = self.came().into_iter().flat_map(|(_, lines)| lines);
        lines.map(|event| (event["event_id"].as_str().expect("an id").to_owned(), event)).collect()
    }
}

async fn request(connection: &mut BufReader<TcpStream>) -> Received {
    let mut head = String::new();
    while connection.read_line(&mut head).await.expect("a line") > 2 {}
    let length = head.to_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    connection.read_exact(&mut body).await.expect("a body");
    let body = String::from_utf8(body).expect("text");
    assert!(body.ends_with('\n'), "{body}");
    (head, body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect())
}

async fn forward(cloud: &Cloud) -> (bool, String) {
    cloud.invoke_sync("forward", &json!({ "source": "aws.events" })).await
}

#[tokio::test]
async fn views_are_forwarded_whatever_becomes_of_those_who_are_told() {
    let (tinybird, state) = (Tinybird::new().await, TempDir::new().expect("a directory"));
    let path = state.path().to_owned();
    let parameters = [format!("TinybirdUrl={}", tinybird.origin), format!("TinybirdToken={TOKEN}")];
    let start = move || {
        let parameters = parameters.each_ref().map(String::as_str);
        Box::leak(Box::new(Cloud::start_in_with(&path, &parameters)))
    };
    let own: &'static Cloud = tokio::task::spawn_blocking(start).await.expect("a cloud");
    let person = Person::on(own).await;
    let video = person.create("Watched").await;
    let mut database = rows::connection(own).await;
    let publish = format!("UPDATE videos SET status = 'ready', published_at = UTC_TIMESTAMP(3) WHERE id = '{video}'");
    mysql_async::prelude::Queryable::query_drop(&mut database, publish).await.expect("published");

    // Whoever watches is answered, whatever Tinybird does.
    tinybird.answers(503);
    let watcher = Watcher::on(own);
    watcher.watch(&video, "the session's own word", "one", 0).await;
    let embedded = json!({ "videoId": video, "playId": "one", "progress": 50, "embeddedIn": "blog.example.com" });
    assert_eq!(watcher.tell(embedded).await.status, 200);
    let lie = json!({ "videoId": video, "playId": "two", "embeddedIn": "<script>" });
    assert_eq!(watcher.tell(lie).await.status, 200);

    // A minute that may still grow waits.
    assert!(forward(own).await.0);
    assert_eq!(tinybird.came().len(), 0);
    store::age_events(own, 5).await;
    for status in [503, 429, 403] {
        tinybird.answers(status);
        let (succeeded, answer) = forward(own).await;
        assert!(!succeeded && answer.contains(&format!("answered {status}")), "{answer}");
        assert_eq!(tinybird.events().len(), 3);
    }

    tinybird.answers(200);
    assert!(forward(own).await.0);
    let came = tinybird.came();
    let (head, events) = came.first().expect("a request");
    let wanted = "post /v0/events?name=capstan_views&wait=true http/1.1\r\n";
    assert!(head.to_lowercase().starts_with(wanted), "{head}");
    assert!(head.contains(&format!("Bearer {TOKEN}\r\n")), "{head}");
    assert_eq!(events.len(), 3, "{events:?}");
    let find = |is: &dyn Fn(&&Value) -> bool| events.iter().find(is).unwrap_or_else(|| panic!("{events:?}"));
    let progress = find(&|event| event["percent"] == 50 && event["embedded_in"] == "blog.example.com");
    let play = find(&|event| event["percent"] == 0 && event["play"] == progress["play"]);
    assert_eq!((&play["event"], &play["new_viewer"], &play["video_id"]), (&json!("play"), &json!(1), &json!(video)));
    assert_eq!((&progress["event"], &progress["owner_id"]), (&json!("progress"), &json!(person.id)));
    let said = format!("{events:?}");
    for trace in [watcher.address.as_str(), &watcher.agent, "session's own word", "<script>"] {
        assert!(!said.contains(trace), "{trace} in {said}");
    }

    // What is told is told no more; what is refused for good is not either, and neither is what is a day old.
    assert!(forward(own).await.0);
    assert_eq!(tinybird.came().len(), 0);
    for (age, status, comes) in [(4, 400, 1), (3, 202, 1), (24 * 60 + 1, 200, 0)] {
        tinybird.answers(status);
        watcher.watch(&video, "another", &format!("play of {status}"), 0).await;
        store::age_events(own, age).await;
        assert!(forward(own).await.0, "{status}");
        assert_eq!(tinybird.events().len(), comes, "{status}");
        assert!(forward(own).await.0);
        assert_eq!(tinybird.events().len(), 0, "{status}");
    }

    let log = fs::read_to_string(state.path().join("log")).expect("the log");
    assert!(log.contains("Tinybird answered 503") && log.contains("views told to Tinybird"), "{log}");
    for secret in [TOKEN, watcher.address.as_str(), "session's own word", &watcher.agent] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
