//! How mail leaves.

use std::net::IpAddr;

use lambda_http::http::Uri;
use percent_encoding::percent_decode_str;

use super::{ConfigError, optional, required};
use crate::secret::Secret;

const TRANSPORT: &str = "MAIL_TRANSPORT";
const FROM: &str = "MAIL_FROM";
const KEY: &str = "RESEND_API_KEY";
const URL: &str = "SMTP_URL";

/// How mail leaves, and whom it is from.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// `MAIL_TRANSPORT`, with what it needs.
    pub transport: MailTransport,
    /// `MAIL_FROM`.
    pub from: Sender,
}

/// What sends.
#[derive(Clone, Debug)]
pub enum MailTransport {
    /// `resend`: the API of resend.com, with `RESEND_API_KEY`.
    Resend(Secret),
    /// `ses`: Amazon SES, with the function's own role.
    Ses,
    /// `smtp`: the server at `SMTP_URL`.
    Smtp(SmtpServer),
    /// `log`: nothing is sent; the mail's text is written to the log, for whoever reads it there.
    Log,
}

/// Whom mail is from: `Name <address>`, or an address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// What mail apps show.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

/// An SMTP server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: SmtpTls,
    /// User and password.
    pub login: Option<(String, Secret)>,
}

/// How a connection to an SMTP server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte: `smtps://`.
    Implicit,
    /// After `STARTTLS`, without which nothing is sent: `smtp://…?tls=required`.
    StartTls,
    /// Not at all, on this machine only.
    None,
}

impl MailConfig {
    /// Reads `MAIL_TRANSPORT`, `MAIL_FROM` and what the transport needs: `RESEND_API_KEY` or `SMTP_URL`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let transport = match required(TRANSPORT)
            .map_err(|_| ConfigError::new(TRANSPORT, "is missing: it must be resend, ses, smtp or log"))?
            .as_str()
        {
            "resend" => MailTransport::Resend(Secret::new(required(KEY)?)),
            "ses" => MailTransport::Ses,
            "smtp" => MailTransport::Smtp(SmtpServer::parse(&required(URL)?)?),
            "log" => MailTransport::Log,
            other => {
                let problem = format!("is {other:?}: it must be resend, ses, smtp or log");
                return Err(ConfigError::new(TRANSPORT, problem));
            }
        };
        let from = optional(FROM).unwrap_or_default();
        let from = Sender::parse(&from)
            .ok_or_else(|| ConfigError::new(FROM, "must be an address, as in: Capstan <login@example.com>"))?;
        Ok(Self { transport, from })
    }
}

impl Sender {
    /// Reads `Name <address>` or `address`. What is in a name or an address cannot end a header.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(start) => {
                let (name, address) = start.split_once('<')?;
                (Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()), address)
            }
            None => (None, text),
        };
        let (user, host) = address.split_once('@')?;
        let plain = |part: &str| !part.is_empty() && !part.contains(['<', '>', '@', '"', ' ', ',', ';']);
        let one_line = !text.chars().any(char::is_control);
        let printable = name.as_ref().is_none_or(|name| !name.contains(['<', '>', '"', '\\']));
        (plain(user) && plain(host) && one_line && printable).then(|| Self { name, address: address.to_owned() })
    }
}

impl SmtpServer {
    /// Reads `smtps://user:password@host:465` or `smtp://user:password@host:587?tls=required`. The error repeats nothing
    /// of it.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        let form = || {
            let form = "must look like smtps://user:password@host:465 or smtp://user:password@host:587?tls=required, with \
                        whatever is no letter or digit of user and password in percents";
            ConfigError::new(URL, form)
        };
        let uri: Uri = url.parse().map_err(|_| form())?;
        let (Some(scheme), Some(authority), Some(host)) = (uri.scheme_str(), uri.authority(), uri.host()) else {
            return Err(form());
        };
        if !matches!(uri.path(), "" | "/") {
            return Err(form());
        }
        let tls = match (scheme, uri.query()) {
            ("smtps", None) => SmtpTls::Implicit,
            ("smtp", Some("tls=required")) => SmtpTls::StartTls,
            ("smtp", None) if is_loopback(host) => SmtpTls::None,
            ("smtp", None) => {
                let problem =
                    "would send mail unencrypted to another machine: write smtps://…:465, or smtp://…:587?tls=required";
                return Err(ConfigError::new(URL, problem));
            }
            _ => return Err(form()),
        };
        let port = uri.port_u16().unwrap_or(match tls {
            SmtpTls::Implicit => 465,
            SmtpTls::StartTls => 587,
            SmtpTls::None => 25,
        });
        let login = match authority.as_str().rsplit_once('@') {
            Some((login, _)) => Some(login.split_once(':').and_then(login_of).ok_or_else(form)?),
            None => None,
        };
        Ok(Self { host: host.trim_matches(['[', ']']).to_owned(), port, tls, login })
    }
}

fn login_of((user, password): (&str, &str)) -> Option<(String, Secret)> {
    let decode = |text| percent_decode_str(text).decode_utf8().ok();
    Some((decode(user)?.into_owned(), Secret::new(decode(password)?)))
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_matches(['[', ']']).parse();
    host == "localhost" || ip.is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_have_an_address_and_may_have_a_name() {
        let named = Sender::parse("Capstan Login <login@example.com>").expect("a sender");
        assert_eq!((named.name.as_deref(), named.address.as_str()), (Some("Capstan Login"), "login@example.com"));
        for alone in ["login@example.com", "<login@example.com>"] {
            let sender = Sender::parse(alone).expect(alone);
            assert_eq!((sender.name, sender.address.as_str()), (None, "login@example.com"));
        }
        for wrong in [
            "",
            "Capstan",
            "Capstan <>",
            "Capstan <a@b>, B <c@d>",
            "a@b@c",
            "A <a@b> x",
            "A\r\nBcc: x@y <a@b>",
            "A <a@b\r\nBcc: x>",
        ] {
            assert_eq!(Sender::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn servers_are_encrypted_unless_they_are_this_machine() {
        let parse = |url| SmtpServer::parse(url).map(|server| (server.host, server.port, server.tls));
        for (url, expected) in [
            ("smtps://mail.example.com", ("mail.example.com", 465, SmtpTls::Implicit)),
            ("smtps://u:p@mail.example.com:1465", ("mail.example.com", 1465, SmtpTls::Implicit)),
            ("smtp://u:p@mail.example.com?tls=required", ("mail.example.com", 587, SmtpTls::StartTls)),
            ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, SmtpTls::None)),
            ("smtp://[::1]:2525", ("::1", 2525, SmtpTls::None)),
            ("smtp://localhost", ("localhost", 25, SmtpTls::None)),
        ] {
            let (host, port, tls) = parse(url).expect(url);
            assert_eq!((host.as_str(), port, tls), expected, "{url}");
        }
        let error = SmtpServer::parse("smtp://u:hush@mail.example.com:25").expect_err("unencrypted").to_string();
        assert!(error.contains("SMTP_URL") && error.contains("unencrypted") && !error.contains("hush"), "{error}");
    }

    #[test]
    fn logins_are_decoded_and_print_redacted() {
        let server = SmtpServer::parse("smtps://me%40example.com:hu%2Fsh@mail.example.com").expect("a server");
        let (user, password) = server.login.as_ref().expect("a login");
        assert_eq!((user.as_str(), password.expose()), ("me@example.com", "hu/sh"));
        assert!(!format!("{server:?}").contains("hu/sh"));
    }

    #[test]
    fn other_addresses_are_refused_without_being_repeated() {
        for url in [
            "",
            "mail.example.com",
            "https://u:hush@mail.example.com",
            "smtp://u:hush@mail.example.com?tls=maybe",
            "smtps://u:hush@mail.example.com/path",
            "smtps://hush@mail.example.com",
            "smtps://u:hush@",
        ] {
            let error = SmtpServer::parse(url).expect_err(url).to_string();
            assert!(error.contains("SMTP_URL") && error.contains("smtps://") && !error.contains("hush"), "{error}");
        }
    }
}
