//! Mail, caught: an SMTP server on loopback that delivers nowhere and shows what it was given.
//!
//! As much of RFC 5321 as a mail library uses to submit a message.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use mail_parser::{Address, MessageParser};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// Mails that are kept; older ones go.
const KEPT: usize = 200;
/// Bytes of a mail that are taken.
const MAX_BYTES: u64 = 1024 * 1024;
/// Bytes of a command line that are read.
const MAX_LINE: u64 = 2048;

/// A caught mail.
#[derive(Clone, Debug, Serialize)]
struct Mail {
    from: String,
    to: Vec<String>,
    subject: String,
    text: String,
    html: String,
    /// When it was caught, RFC 3339.
    at: String,
}

/// What was caught, newest first.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<VecDeque<Mail>>>);

impl Mailbox {
    /// Starts the SMTP server, until `stop`.
    pub async fn serve(port: u16, stop: CancellationToken) -> Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("no port for mail")?;
        let address = listener.local_addr()?;
        let mailbox = Self::default();
        let caught = mailbox.clone();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    // A client that hangs up in the middle has sent no mail; there is nothing to report.
                    tokio::spawn(converse(connection, caught.clone()));
                }
            }
        }));
        Ok((mailbox, address))
    }

    /// The mails as a JSON list, newest first.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self.mails()).unwrap_or_default()
    }

    /// The mails as a page, newest first.
    #[must_use]
    pub fn html(&self) -> String {
        let mails: String = self.mails().iter().map(article).collect();
        let list = if mails.is_empty() { "<p>No mail yet.</p>".to_owned() } else { mails };
        format!(
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\
             <title>Caught mail</title><style>body{{font:16px/1.5 system-ui,sans-serif;max-width:720px;margin:32px auto;\
             padding:0 16px;color-scheme:light dark}}article{{border:1px solid #8886;border-radius:8px;padding:16px;\
             margin:16px 0}}h2{{margin:0;font-size:1.1rem}}pre{{white-space:pre-wrap;overflow-wrap:anywhere}}\
             iframe{{width:100%;height:360px;border:1px solid #8886;background:#fff}}</style><h1>Caught mail</h1>{list}"
        )
    }

    fn mails(&self) -> Vec<Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn keep(&self, mail: Mail) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(mail);
        mails.truncate(KEPT);
    }
}

fn article(mail: &Mail) -> String {
    let body = if mail.html.is_empty() {
        format!("<pre>{}</pre>", escape(&mail.text))
    } else {
        // No permission at all: the mail's links open nothing here and its scripts do not run.
        format!("<iframe sandbox srcdoc=\"{}\"></iframe><pre>{}</pre>", escape(&mail.html), escape(&mail.text))
    };
    format!(
        "<article><h2>{}</h2><p>{} → {}<br><time>{}</time></p>{body}</article>",
        escape(&mail.subject),
        escape(&mail.from),
        escape(&mail.to.join(", ")),
        mail.at
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

async fn converse(mut connection: TcpStream, mailbox: Mailbox) -> Result<()> {
    let (input, mut output) = connection.split();
    let mut input = BufReader::new(input);
    reply(&mut output, "220 capstan-local").await?;
    let (mut from, mut to) = (None, Vec::new());
    while let Some(line) = line(&mut input, MAX_LINE).await? {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => reply(&mut output, &format!("250-capstan-local\r\n250-8BITMIME\r\n250 SIZE {MAX_BYTES}")).await?,
            "HELO" | "NOOP" => reply(&mut output, "250 OK").await?,
            "MAIL" => {
                (from, to) = (Some(address(&line)), Vec::new());
                reply(&mut output, "250 OK").await?;
            }
            "RCPT" if from.is_none() => reply(&mut output, "503 MAIL comes first").await?,
            "RCPT" => {
                to.push(address(&line));
                reply(&mut output, "250 OK").await?;
            }
            "RSET" => {
                (from, to) = (None, Vec::new());
                reply(&mut output, "250 OK").await?;
            }
            "DATA" if from.is_some() && !to.is_empty() => {
                reply(&mut output, "354 End with a dot on a line of its own").await?;
                let (from, to) = (from.take().unwrap_or_default(), std::mem::take(&mut to));
                match message(&mut input).await? {
                    Some(bytes) => {
                        mailbox.keep(read(&bytes, from, to));
                        reply(&mut output, "250 Caught").await?;
                    }
                    None => reply(&mut output, "552 Too large").await?,
                }
            }
            "DATA" => reply(&mut output, "503 MAIL and RCPT come first").await?,
            "QUIT" => return reply(&mut output, "221 Bye").await,
            _ => reply(&mut output, "502 Not known here").await?,
        }
    }
    Ok(())
}

async fn reply(output: &mut (impl AsyncWrite + Unpin), text: &str) -> Result<()> {
    output.write_all(format!("{text}\r\n").as_bytes()).await?;
    Ok(())
}

/// A line with its end, at most `limit` bytes; `None` at the end of the connection.
async fn line(input: &mut (impl AsyncBufRead + Unpin), limit: u64) -> Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = input.take(limit).read_until(b'\n', &mut line).await?;
    Ok((read > 0).then_some(line))
}

/// The lines up to a lone dot, with the dots that were put before others taken away (RFC 5321 §4.5.2); `None` when
/// they are too many to keep.
async fn message(input: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut size = 0;
    loop {
        let line = line(input, MAX_BYTES).await?.context("the connection ended within a mail")?;
        if matches!(line.as_slice(), b".\r\n" | b".\n") {
            return Ok((size <= MAX_BYTES).then_some(bytes));
        }
        size += line.len() as u64;
        if size <= MAX_BYTES {
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

/// What stands between angle brackets, which is where both commands have their address.
fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}

fn read(bytes: &[u8], from: String, to: Vec<String>) -> Mail {
    let message = MessageParser::default().parse(bytes);
    let header = |address: Option<&Address<'_>>| -> Vec<String> {
        let all = address.map(|address| address.iter().filter_map(|one| one.address().map(str::to_owned)).collect());
        all.unwrap_or_default()
    };
    let part = |body: Option<std::borrow::Cow<'_, str>>| body.map(std::borrow::Cow::into_owned).unwrap_or_default();
    let mut mail = Mail {
        from,
        to,
        subject: String::new(),
        text: String::new(),
        html: String::new(),
        at: jiff::Timestamp::now().to_string(),
    };
    if let Some(message) = message {
        mail.subject = message.subject().unwrap_or_default().to_owned();
        // The library makes one of text and HTML from the other where only one was sent; only what was sent counts.
        if message.text_bodies().any(mail_parser::MessagePart::is_text) {
            mail.text = part(message.body_text(0));
        }
        if message.html_bodies().any(mail_parser::MessagePart::is_text_html) {
            mail.html = part(message.body_html(0));
        }
        let (from, to) = (header(message.from()), header(message.to()));
        mail.from = from.into_iter().next().unwrap_or(mail.from);
        mail.to = if to.is_empty() { mail.to } else { to };
    }
    mail
}
