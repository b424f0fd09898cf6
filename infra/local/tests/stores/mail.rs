//! The mail catcher.

use std::net::SocketAddr;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{MultiPart, SinglePart},
};
use local::mail::Mailbox;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

fn transport(address: SocketAddr) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(address.port()).build()
}

fn envelope(subject: &str) -> lettre::message::MessageBuilder {
    Message::builder()
        .from("Capstan <login@capstan.test>".parse().expect("an address"))
        .to("Ada <ada@example.com>".parse().expect("an address"))
        .subject(subject)
}

#[tokio::test]
async fn a_mail_is_shown_newest_first_with_both_bodies() {
    let stop = CancellationToken::new();
    let (mailbox, address) = Mailbox::serve(0, stop.clone()).await.expect("the catcher");
    let plain = envelope("Grüße").body("first\r\n.\r\n..dots\r\n".to_owned()).expect("a mail");
    let both = envelope("Code").multipart(MultiPart::alternative_plain_html(
        "Your code is 123456".to_owned(),
        "<p onclick=\"alert('x')\">Your code is <b>123456</b></p>".to_owned(),
    ));
    let transport = transport(address);
    transport.send(plain).await.expect("sent");
    transport.send(both.expect("a mail")).await.expect("sent");

    let mails = mailbox.json();
    assert_eq!(mails[0]["from"], "login@capstan.test");
    assert_eq!(mails[0]["to"], serde_json::json!(["ada@example.com"]));
    assert_eq!(mails[0]["subject"], "Code");
    assert_eq!(mails[0]["text"].as_str().map(str::trim), Some("Your code is 123456"));
    assert!(mails[0]["html"].as_str().is_some_and(|html| html.contains("<b>123456</b>")));
    assert!(mails[0]["at"].as_str().is_some_and(|at| at.ends_with('Z')));
    assert_eq!(mails[1]["subject"], "Grüße");
    assert_eq!(mails[1]["text"].as_str().map(str::trim), Some("first\r\n.\r\n..dots"));
    assert_eq!(mails[1]["html"], "");

    let page = mailbox.html();
    assert!(page.contains("<iframe sandbox srcdoc=\"&lt;p onclick=&quot;alert("), "{page}");
    assert!(!page.contains("<p onclick"), "the mail's own HTML is in the page itself");
    stop.cancel();
}

#[tokio::test]
async fn a_subject_cannot_write_into_the_page() {
    let stop = CancellationToken::new();
    let (mailbox, address) = Mailbox::serve(0, stop.clone()).await.expect("the catcher");
    let mail = envelope("<script>alert(1)</script>").singlepart(SinglePart::plain("</pre><script>".to_owned()));
    transport(address).send(mail.expect("a mail")).await.expect("sent");
    let page = mailbox.html();
    assert!(!page.contains("<script>"), "{page}");
    stop.cancel();
}

#[tokio::test]
async fn only_the_newest_two_hundred_are_kept() {
    let stop = CancellationToken::new();
    let (mailbox, address) = Mailbox::serve(0, stop.clone()).await.expect("the catcher");
    let mut client = Client::connect(address).await;
    for number in 0..=200 {
        client.says("MAIL FROM:<a@example.com>", "250").await;
        client.says("RCPT TO:<b@example.com>", "250").await;
        client.says("DATA", "354").await;
        client.says(&format!("Subject: {number}\r\n\r\nhi\r\n."), "250").await;
    }
    let mails = mailbox.json();
    assert_eq!(mails.as_array().map(Vec::len), Some(200));
    assert_eq!(mails[0]["subject"], "200");
    assert_eq!(mails[199]["subject"], "1");
    stop.cancel();
}

#[tokio::test]
async fn commands_out_of_order_and_too_large_mails_are_refused_and_the_session_goes_on() {
    let stop = CancellationToken::new();
    let (mailbox, address) = Mailbox::serve(0, stop.clone()).await.expect("the catcher");
    let mut client = Client::connect(address).await;
    for (command, code) in [
        ("HELO me", "250"),
        ("NOOP", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<a@example.com>", "250"),
        ("RSET", "250"),
        ("RCPT TO:<b@example.com>", "503"),
        ("VRFY someone", "502"),
        ("MAIL FROM:<a@example.com>", "250"),
        ("RCPT TO:<b@example.com>", "250"),
        ("DATA", "354"),
    ] {
        client.says(command, code).await;
    }
    let line = format!("{}\r\n", "x".repeat(998));
    client.says(&format!("Subject: big\r\n\r\n{}.", line.repeat(1100)), "552").await;
    client.says("DATA", "503").await;
    client.says("QUIT", "221").await;
    assert_eq!(mailbox.json(), serde_json::json!([]));
    stop.cancel();
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let mut client = Self(BufReader::new(TcpStream::connect(address).await.expect("a connection")));
        let greeting = client.hears().await;
        assert!(greeting.starts_with("220"), "{greeting}");
        client
    }

    async fn says(&mut self, command: &str, code: &str) {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.expect("written");
        let heard = self.hears().await;
        assert!(heard.starts_with(code), "{} was answered {heard}", command.lines().next().unwrap_or_default());
    }

    async fn hears(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.expect("an answer");
        line
    }
}
