//! Mail leaves the outbox once, whatever happens to its provider.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::Command,
};

use common::{
    config::{EncryptionConfig, ObjectsConfig},
    ids::MailId,
    objects::{Objects, Serving, keys},
    outbox::{Mail, Outbox},
    seal::Sealer,
    time::Millis,
};
use local::mail::Mailbox;
use serde_json::json;
use tests::{
    cloud::{Cloud, programs},
    wait::until,
};
use tokio_util::sync::{CancellationToken, DropGuard};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A local cloud whose mail goes to a port on which nobody listens, until the test does.
struct Post {
    cloud: Cloud,
    objects: Objects,
    outbox: Outbox,
    port: u16,
}

impl Post {
    async fn new() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let start = move || {
            let url = format!("SmtpUrl=smtp://127.0.0.1:{port}");
            Cloud::with(&[&url, &format!("DatabaseEncryptionKey={KEY}")])
        };
        let cloud = tokio::task::spawn_blocking(start).await.expect("a cloud");
        let config = ObjectsConfig { bucket: cloud.ready.own_s3.bucket.clone(), path_style: true, foreign: None };
        let objects = Objects::new(config, &sdk(&cloud));
        Self { outbox: Outbox::new(objects.clone(), sealer()), cloud, objects, port }
    }

    /// Looks through the outbox, as the schedule has it done; false when something could not be sent.
    async fn look_through(&self) -> bool {
        let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        let (succeeded, answer) = self.cloud.invoke_sync("mail", &event).await;
        assert!(succeeded || answer.contains("stay in the outbox"), "{answer}");
        succeeded
    }

    async fn serve(&self) -> (Mailbox, DropGuard) {
        let stop = CancellationToken::new();
        let (mailbox, _) = Mailbox::serve(self.port, stop.clone()).await.expect("an SMTP server");
        (mailbox, stop.drop_guard())
    }

    async fn waiting(&self) -> Vec<MailId> {
        self.outbox.waiting().await.expect("the outbox").mails
    }

    async fn empty(&self) {
        until("an empty outbox", async || self.waiting().await.is_empty().then_some(())).await;
    }
}

fn sealer() -> Sealer {
    Sealer::new(EncryptionConfig::parse(KEY).expect("a key"))
}

fn sdk(cloud: &Cloud) -> aws_config::SdkConfig {
    let (id, secret) = (&cloud.ready.access_key_id, &cloud.ready.secret_access_key);
    let keys = aws_sdk_s3::config::Credentials::new(id, secret, None, None, "tests");
    aws_config::SdkConfig::builder()
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(&cloud.ready.own_s3.endpoint)
        .credentials_provider(aws_sdk_s3::config::SharedCredentialsProvider::new(keys))
        .build()
}

fn login(to: &str, expires_at: i64) -> Mail {
    let origin = "https://cap.example.com".to_owned();
    let link = format!("{origin}/api/auth/callback/email?token=abc");
    Mail::Login { to: to.to_owned(), origin, code: "402815".to_owned(), link, expires_at }
}

fn in_ten_minutes() -> i64 {
    Millis::now().0 + 600_000
}

#[tokio::test]
async fn a_mail_outlives_an_outage_of_its_provider_and_arrives_once() {
    let post = Post::new().await;
    post.outbox.post(&login("ada@example.com", in_ten_minutes())).await.expect("posted");
    // The event's own tries may be at it, and then there is nothing to do for this one.
    until("a try to fail", async || (!post.look_through().await).then_some(())).await;
    let waiting = post.waiting().await;
    let [mail] = waiting.as_slice() else { panic!("one mail waits: {waiting:?}") };
    let stored = post.objects.read_small(&keys::mail(mail)).await.expect("S3").expect("an object");
    let stored = String::from_utf8(stored).expect("JSON");
    assert!(stored.contains("v1.") && !stored.contains("ada") && !stored.contains("402815"), "{stored}");

    let (mailbox, _stop) = post.serve().await;
    until("the mail to be sent", async || {
        post.look_through().await;
        post.waiting().await.is_empty().then_some(())
    })
    .await;
    assert!(post.look_through().await);
    let mails = mailbox.json();
    assert_eq!(mails.as_array().map(Vec::len), Some(1), "{mails}");
    assert_eq!(mails[0]["from"], "login@capstan.localhost");
    assert_eq!(mails[0]["to"], json!(["ada@example.com"]));
    assert_eq!(mails[0]["subject"], "Sign in to cap.example.com");
    let (text, html) = (mails[0]["text"].as_str().expect("a text"), mails[0]["html"].as_str().expect("HTML"));
    assert!(text.contains("\n402815\r\n") || text.contains("\n402815\n"), "{text}");
    assert!(text.contains("https://cap.example.com/api/auth/callback/email?token=abc") && html.contains("402815"));
}

#[tokio::test]
async fn everybody_who_sends_at_once_sends_every_mail_once() {
    let post = Post::new().await;
    let (mailbox, _stop) = post.serve().await;
    for number in 0..8 {
        let mail = login(&format!("{number}@example.com"), in_ten_minutes());
        post.outbox.post(&mail).await.expect("posted");
    }
    tokio::join!(post.look_through(), post.look_through(), post.look_through(), post.look_through());
    post.empty().await;
    let mails = mailbox.json();
    let mut to: Vec<_> =
        mails.as_array().expect("mails").iter().filter_map(|mail| mail["to"][0].as_str().map(str::to_owned)).collect();
    to.sort();
    assert_eq!(to, (0..8).map(|number| format!("{number}@example.com")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_nobody_can_use_or_take_is_removed_unsent_and_keeps_nobody_waiting() {
    let post = Post::new().await;
    let (mailbox, _stop) = post.serve().await;
    post.outbox.post(&login("late@example.com", Millis::now().0 - 1)).await.expect("posted");
    post.outbox.post(&login("no address", in_ten_minutes())).await.expect("posted");
    let nobody = Mail::NoAccount { to: "eve@example.com".to_owned(), origin: "https://cap.example.com".to_owned() };
    post.outbox.post(&nobody).await.expect("posted");
    post.empty().await;
    let mails = mailbox.json();
    assert_eq!(mails.as_array().map(Vec::len), Some(1), "{mails}");
    assert_eq!(mails[0]["to"], json!(["eve@example.com"]));
}

#[tokio::test]
async fn a_mail_that_was_moved_or_sealed_elsewhere_is_not_sent() {
    let post = Post::new().await;
    let another = Sealer::new(EncryptionConfig::parse(&"ab".repeat(32)).expect("a key"));
    let (mailbox, _stop) = post.serve().await;
    let forged = Outbox::new(post.objects.clone(), another);
    forged.post(&login("eve@example.com", in_ten_minutes())).await.expect("posted");
    let plain = serde_json::to_vec(&login("eve@example.com", in_ten_minutes())).expect("JSON");
    let sealed = sealer().seal("outbox/0123456789abcde.json", &plain).expect("sealed");
    let object = json!({ "sealed": sealed }).to_string().into_bytes();
    let serving = Serving { content_type: "application/json", cache_control: "no-store" };
    post.objects.put("outbox/edcba9876543210.json", object, serving).await.expect("stored");
    post.outbox.post(&login("ada@example.com", in_ten_minutes())).await.expect("posted");
    until("the third mail", async || {
        post.look_through().await;
        (post.waiting().await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(mailbox.json().as_array().map(Vec::len), Some(1));
    assert_eq!(mailbox.json()[0]["to"], json!(["ada@example.com"]));
    assert!(!post.look_through().await, "that they cannot be opened is told");
}

/// What the mail function says when it does not start.
fn refusal(variables: &[(&str, &str)]) -> String {
    let mut function = Command::new(programs().join("mail"));
    let output = function.env_clear().envs(variables.iter().copied()).output().expect("the function");
    assert!(!output.status.success());
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn how_mail_is_sent_must_be_said() {
    for transport in [&[][..], &[("MAIL_TRANSPORT", "pigeon")]] {
        let said = refusal(transport);
        assert!(said.contains("MAIL_TRANSPORT") && said.contains("resend, ses, smtp or log"), "{said}");
    }
    for (transport, missing) in [("resend", "RESEND_API_KEY"), ("smtp", "SMTP_URL"), ("log", "MAIL_FROM")] {
        let said = refusal(&[("MAIL_TRANSPORT", transport)]);
        assert!(said.contains(missing), "{transport}: {said}");
    }
    let said = refusal(&[("MAIL_TRANSPORT", "smtp"), ("SMTP_URL", "smtp://u:hush@mail.example.com")]);
    assert!(said.contains("unencrypted") && !said.contains("hush"), "{said}");
}
