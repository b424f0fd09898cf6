//! Somebody who watches: what a page tells of them.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, cloud},
    person::{Answer, answer, client},
    rows,
    visitor::somewhere,
};

/// What a person's browser calls itself.
pub const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// A browser at an address of its own.
#[derive(Clone)]
pub struct Watcher {
    cloud: &'static Cloud,
    http: Client,
    /// What it calls itself.
    pub agent: String,
    /// Its address.
    pub address: String,
}

impl Watcher {
    /// Somebody new.
    #[must_use]
    pub fn new() -> Self {
        Self::on(cloud())
    }

    /// Somebody new, on another cloud than the shared one.
    #[must_use]
    pub fn on(cloud: &'static Cloud) -> Self {
        let address = somewhere();
        let http = Client::builder().local_address(address).build().expect("a client");
        Self { cloud, http, agent: BROWSER.to_owned(), address: address.to_string() }
    }

    /// Tells something, with headers beside.
    pub async fn tell_with(&self, headers: &[(&'static str, &str)], body: Value) -> Answer {
        let request = self.http.request(Method::POST, format!("{}/api/analytics/track", self.cloud.ready.base));
        let request = request.header("user-agent", &self.agent).json(&body);
        answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// Tells something.
    pub async fn tell(&self, body: Value) -> Answer {
        self.tell_with(&[], body).await
    }

    /// Watches a video as this viewer, in this play, so far.
    pub async fn watch(&self, video: &str, session: &str, play: &str, percent: u8) {
        let told =
            self.tell(json!({ "videoId": video, "sessionId": session, "playId": play, "progress": percent })).await;
        assert_eq!((told.status, &told.body), (200, &json!({ "success": true })), "{told:?}");
    }
}

impl Default for Watcher {
    fn default() -> Self {
        Self::new()
    }
}

/// What is written down of a video on the shared cloud: viewers, plays, and plays that got to each quarter.
pub async fn counted(video: &str) -> [u64; 6] {
    let columns = ["viewers", "plays", "reached_25", "reached_50", "reached_75", "reached_95"];
    let sums = columns.map(|column| format!("COALESCE(SUM({column}), 0)")).join(", ',', ");
    let text: String = rows::one(&format!("SELECT CONCAT({sums}) FROM video_views WHERE video_id = '{video}'")).await;
    let numbers: Vec<u64> = text.split(',').map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().expect("six numbers")
}

/// How many have watched, as anybody may ask.
pub async fn viewers(video: &str, range: &str) -> Answer {
    answer(client().get(format!("{}/api/analytics?videoId={video}&range={range}", cloud().ready.base))).await
}
