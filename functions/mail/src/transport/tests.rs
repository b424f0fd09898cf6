//! The transports against stand-ins of what they talk to, and SMTP against the server that catches local mail.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use common::{
    config::{MailConfig, MailTransport, Sender, SmtpServer},
    ids::MailId,
    secret::Secret,
};
use local::mail::Mailbox as Catcher;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

use super::{Answered, Resend, SendError, Transport};
use crate::letter::Letter;

fn letter() -> Letter {
    Letter {
        to: "ada@example.com".to_owned(),
        subject: "Sign in to Zürich".to_owned(),
        text: "402815".to_owned(),
        html: "<b>402815</b>".to_owned(),
        unsubscribe: None,
    }
}

fn id() -> MailId {
    MailId::parse("0123456789abcde").expect("an id")
}

fn refused(sent: &Result<(), SendError>) -> bool {
    matches!(sent, Err(SendError::Refused(_)))
}

fn later(sent: &Result<(), SendError>) -> bool {
    matches!(sent, Err(SendError::Later(_)))
}

fn no_address(sent: &Result<(), SendError>) {
    let error = sent.as_ref().expect_err("an error").to_string();
    assert!(!error.contains("ada") && !error.contains("402815"), "{error}");
}

/// A request as it came.
#[derive(Debug)]
struct Received {
    /// Request line and header lines, in lower case.
    head: String,
    body: Value,
}

/// A server that answers every request alike and remembers what it was sent.
struct StandIn {
    endpoint: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl StandIn {
    async fn answering(status: u16, headers: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.expect("a connection");
                let mut connection = BufReader::new(connection);
                let request = request(&mut connection).await;
                kept.lock().expect("kept").push(request);
                let answer = format!(
                    "HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n{body}",
                    body.len()
                );
                connection.write_all(answer.as_bytes()).await.expect("an answer");
            }
        });
        Self { endpoint, received }
    }

    fn only(&self) -> Received {
        let mut received = self.received.lock().expect("received");
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }
}

async fn request(connection: &mut BufReader<TcpStream>) -> Received {
    let mut head = String::new();
    while connection.read_line(&mut head).await.expect("a line") > 2 {}
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().expect("a number")];
    connection.read_exact(&mut body).await.expect("a body");
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
    Received { head, body }
}

fn resend(endpoint: &str) -> Transport {
    let from = "Capstan <login@example.com>".parse().expect("an address");
    Transport::Resend(Resend::new(endpoint, Secret::new("re_key"), &from).expect("a transport"))
}

#[tokio::test]
async fn resend_gets_a_mail_under_its_id() {
    let provider = StandIn::answering(200, "", r#"{"id":"x"}"#).await;
    resend(&provider.endpoint).send(&id(), &letter()).await.expect("sent");
    let received = provider.only();
    assert!(received.head.starts_with("post /emails http/1.1\r\n"), "{}", received.head);
    for header in
        ["authorization: bearer re_key\r\n", "idempotency-key: 0123456789abcde\r\n", "user-agent: capstan\r\n"]
    {
        assert!(received.head.contains(header), "{}", received.head);
    }
    assert_eq!(
        received.body,
        json!({ "from": "Capstan <login@example.com>", "to": ["ada@example.com"], "subject": "Sign in to Zürich",
            "text": "402815", "html": "<b>402815</b>" })
    );
}

#[tokio::test]
async fn resend_refuses_for_good_or_for_now() {
    let says = r#"{"statusCode":422,"name":"missing_required_field","message":"ada@example.com is none"}"#;
    let provider = StandIn::answering(422, "", says).await;
    let sent = resend(&provider.endpoint).send(&id(), &letter()).await;
    assert!(refused(&sent), "{sent:?}");
    no_address(&sent);
    let provider = StandIn::answering(500, "", "ada@example.com").await;
    let sent = resend(&provider.endpoint).send(&id(), &letter()).await;
    assert!(later(&sent), "{sent:?}");
    no_address(&sent);
    let nobody = format!("http://{}", closed_port());
    assert!(later(&resend(&nobody).send(&id(), &letter()).await));
}

fn ses(endpoint: &str) -> Transport {
    let keys = Credentials::new("key", "secret", None, None, "tests");
    let sdk = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build();
    transport(MailTransport::Ses, &sdk)
}

fn transport(transport: MailTransport, sdk: &aws_config::SdkConfig) -> Transport {
    let from = Sender::parse("Capstan <login@example.com>").expect("a sender");
    Transport::new(MailConfig { transport, from }, sdk).expect("a transport")
}

#[tokio::test]
async fn ses_gets_a_signed_mail() {
    let provider = StandIn::answering(200, "", r#"{"MessageId":"x"}"#).await;
    ses(&provider.endpoint).send(&id(), &letter()).await.expect("sent");
    let received = provider.only();
    assert!(received.head.starts_with("post /v2/email/outbound-emails http/1.1\r\n"), "{}", received.head);
    assert!(received.head.contains("/eu-central-1/ses/aws4_request"), "{}", received.head);
    assert_eq!(received.body["FromEmailAddress"], "Capstan <login@example.com>");
    assert_eq!(received.body["Destination"]["ToAddresses"], json!(["ada@example.com"]));
    let simple = &received.body["Content"]["Simple"];
    assert_eq!(simple["Subject"]["Data"], "Sign in to Zürich");
    assert_eq!(simple["Body"]["Text"]["Data"], "402815");
    assert_eq!(simple["Body"]["Html"]["Data"], "<b>402815</b>");
}

#[tokio::test]
async fn ses_refuses_for_good_or_for_now() {
    let rejected = "x-amzn-errortype: MessageRejected\r\n";
    let provider = StandIn::answering(400, rejected, r#"{"message":"ada@example.com has a virus"}"#).await;
    let sent = ses(&provider.endpoint).send(&id(), &letter()).await;
    assert!(refused(&sent), "{sent:?}");
    no_address(&sent);
    let unverified = r#"{"message":"Email address is not verified: ada@example.com"}"#;
    for (status, headers, body) in [
        (400, rejected, unverified),
        (429, "x-amzn-errortype: TooManyRequestsException\r\n", "{}"),
        (403, "x-amzn-errortype: AccessDeniedException\r\n", "{}"),
        (500, "", "{}"),
    ] {
        let provider = StandIn::answering(status, headers, body).await;
        let sent = ses(&provider.endpoint).send(&id(), &letter()).await;
        assert!(later(&sent), "{status}: {sent:?}");
        no_address(&sent);
        provider.only();
    }
}

fn smtp(url: &str) -> Transport {
    let sdk = aws_config::SdkConfig::builder().build();
    transport(MailTransport::Smtp(SmtpServer::parse(url).expect("a server")), &sdk)
}

fn closed_port() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address")
}

#[tokio::test]
async fn smtp_delivers_both_bodies() {
    let stop = CancellationToken::new();
    let (catcher, address) = Catcher::serve(0, stop.clone()).await.expect("the catcher");
    smtp(&format!("smtp://{address}")).send(&id(), &letter()).await.expect("sent");
    let mails = catcher.json();
    assert_eq!(mails.as_array().map(Vec::len), Some(1));
    assert_eq!(mails[0]["from"], "login@example.com");
    assert_eq!(mails[0]["to"], json!(["ada@example.com"]));
    assert_eq!(mails[0]["subject"], "Sign in to Zürich");
    assert_eq!(mails[0]["text"].as_str().map(str::trim), Some("402815"));
    assert_eq!(mails[0]["html"].as_str().map(str::trim), Some("<b>402815</b>"));
    stop.cancel();
}

/// An SMTP server that answers one command with this and the others as it should.
async fn answering(command: &'static str, answer: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (connection, _) = listener.accept().await.expect("a connection");
        let mut connection = BufReader::new(connection);
        connection.write_all(b"220 here\r\n").await.expect("written");
        let (mut line, mut reading) = (String::new(), false);
        while connection.read_line(&mut line).await.is_ok_and(|read| read > 0) {
            let asked = if reading { "." } else { line.split([' ', ':', '\r']).next().unwrap_or_default() }.to_owned();
            let ended = !reading || line == ".\r\n";
            line.clear();
            if ended {
                let usual = if asked == "DATA" { "354 go" } else { "250 ok" };
                let said = if asked == command { answer } else { usual };
                reading = asked == "DATA" && said == usual;
                connection.write_all(format!("{said}\r\n").as_bytes()).await.expect("written");
            }
        }
    });
    format!("smtp://u:p@{address}")
}

#[tokio::test]
async fn smtp_refuses_for_good_only_what_concerns_the_mail() {
    let without_login = |url: String| url.replace("u:p@", "");
    for (command, answer) in
        [("RCPT", "550 5.1.1 <ada@example.com> unknown"), ("DATA", "554 no"), (".", "554 5.7.1 looks like spam")]
    {
        let sent = smtp(&without_login(answering(command, answer).await)).send(&id(), &letter()).await;
        assert!(refused(&sent), "{command}: {sent:?}");
        no_address(&sent);
    }
    for (command, answer) in [
        ("EHLO", "554 go away"),
        ("MAIL", "550 <login@example.com> may not send"),
        ("RCPT", "450 4.2.1 <ada@example.com> is busy"),
        ("RCPT", "530 log in first"),
        (".", "451 later"),
        (".", "nonsense of ada@example.com"),
    ] {
        let sent = smtp(&without_login(answering(command, answer).await)).send(&id(), &letter()).await;
        assert!(later(&sent), "{command}: {sent:?}");
        no_address(&sent);
    }
    assert!(later(&smtp(&answering("", "").await).send(&id(), &letter()).await), "no login is offered");
    assert!(later(&smtp(&format!("smtp://{}", closed_port())).send(&id(), &letter()).await), "nobody is there");
}

#[tokio::test]
async fn smtp_sends_nothing_before_the_encryption_that_is_required() {
    let url = answering("", "").await.replace("u:p@", "");
    let sent = smtp(&format!("{url}?tls=required")).send(&id(), &letter()).await;
    assert!(later(&sent), "{sent:?}");
    assert!(sent.expect_err("an error").to_string().contains("STARTTLS"));
}

#[tokio::test]
async fn what_is_no_address_is_refused_before_anything_is_sent() {
    let letter = Letter { to: "ada@example.com>\r\nRCPT TO:<eve@example.com".to_owned(), ..letter() };
    let sent = smtp(&format!("smtp://{}", closed_port())).send(&id(), &letter).await;
    assert!(refused(&sent), "{sent:?}");
    no_address(&sent);
}

#[tokio::test]
async fn mails_that_can_be_ended_say_where_to_mail_programs() {
    const WAY_OUT: &str = "https://cap.example.com/unsubscribe?user=u&token=t";
    let digest = Letter { unsubscribe: Some(WAY_OUT.to_owned()), ..letter() };
    let (address, press) = (format!("<{WAY_OUT}>"), "List-Unsubscribe=One-Click");
    let provider = StandIn::answering(200, "", r#"{"id":"x"}"#).await;
    resend(&provider.endpoint).send(&id(), &digest).await.expect("sent");
    let expected = json!({ "List-Unsubscribe": address, "List-Unsubscribe-Post": press });
    assert_eq!(provider.only().body["headers"], expected);
    let provider = StandIn::answering(200, "", r#"{"MessageId":"x"}"#).await;
    ses(&provider.endpoint).send(&id(), &digest).await.expect("sent");
    let expected = json!([
        { "Name": "List-Unsubscribe", "Value": address }, { "Name": "List-Unsubscribe-Post", "Value": press }
    ]);
    assert_eq!(provider.only().body["Content"]["Simple"]["Headers"], expected);
}

fn why(rehearsed: Result<Answered, SendError>) -> String {
    match rehearsed {
        Err(SendError::Later(why)) => why,
        other => panic!("not wrong: {other:?}"),
    }
}

#[tokio::test]
async fn d7_each_transport_is_tried_without_a_mail() {
    let verified = r#"{"data":[{"name":"example.com","status":"verified"}]}"#;
    let provider = StandIn::answering(200, "", verified).await;
    assert_eq!(resend(&provider.endpoint).rehearse().await, Ok(Answered::Sender));
    assert!(provider.only().head.starts_with("get /domains http/1.1\r\n"));
    let restricted = r#"{"statusCode":401,"name":"restricted_api_key","message":"only emails"}"#;
    let provider = StandIn::answering(401, "", restricted).await;
    assert_eq!(resend(&provider.endpoint).rehearse().await, Ok(Answered::Login));
    for (status, says, expected) in [
        (200, r#"{"data":[{"name":"example.com","status":"pending"}]}"#, "not verified"),
        (200, r#"{"data":[]}"#, "not known"),
        (400, r#"{"name":"validation_error","message":"API key is invalid"}"#, "400 validation_error"),
    ] {
        let provider = StandIn::answering(status, "", says).await;
        let why = why(resend(&provider.endpoint).rehearse().await);
        assert!(why.contains(expected), "{why}");
    }

    let provider =
        StandIn::answering(200, "", r#"{"ProductionAccessEnabled":true,"VerifiedForSendingStatus":true}"#).await;
    assert_eq!(ses(&provider.endpoint).rehearse().await, Ok(Answered::Sender));
    for (status, headers, says, expected) in [
        (200, "", r#"{"ProductionAccessEnabled":false}"#, "sandbox"),
        (200, "", r#"{"ProductionAccessEnabled":true,"VerifiedForSendingStatus":false}"#, "verified"),
        (403, "x-amzn-errortype: AccessDeniedException\r\n", "{}", "AccessDeniedException"),
    ] {
        let provider = StandIn::answering(status, headers, says).await;
        let why = why(ses(&provider.endpoint).rehearse().await);
        assert!(why.contains(expected), "{why}");
    }

    let without_login = |url: String| url.replace("u:p@", "");
    assert_eq!(smtp(&without_login(answering("", "").await)).rehearse().await, Ok(Answered::Sender));
    let url = without_login(answering("MAIL", "550 <login@example.com> may not send").await);
    assert_eq!(why(smtp(&url).rehearse().await), "MAIL FROM was answered 550");
    assert!(why(smtp(&format!("smtp://{}", closed_port())).rehearse().await).starts_with("the connection failed"));
}
