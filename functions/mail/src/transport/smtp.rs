//! SMTP (RFC 5321).
//!
//! Command by command, since the same number means different things: a recipient that is refused is refused for good,
//! while a sender or a login that is refused is the operator's to mend.

use std::fmt;

use common::{
    config::{SmtpServer, SmtpTls},
    ids::MailId,
};
use lettre::{
    Address,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
    },
};

use super::{CONNECT, SendError, SetupError};
use crate::letter::Letter;

/// An SMTP server, and whom mail is from.
pub struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Smtp {
    pub(super) fn new(server: SmtpServer, from: Mailbox) -> Result<Self, SetupError> {
        let tls = match server.tls {
            SmtpTls::None => None,
            SmtpTls::Implicit | SmtpTls::StartTls => Some(TlsParameters::new(server.host.clone())?),
        };
        let credentials = server.login.as_ref();
        let credentials =
            credentials.map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned()));
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { server, tls, credentials, hello, from })
    }

    pub(super) async fn send(&self, id: &MailId, letter: &Letter) -> Result<(), SendError> {
        let to: Address = letter.to.parse().map_err(|_| SendError::Refused("the address is none".to_owned()))?;
        let message = self.message(id, &to, letter)?;
        let mut connection = self.connect().await.map_err(later("the connection"))?;
        let parameters = if to.to_string().is_ascii() { Vec::new() } else { vec![MailParameter::SmtpUtfEight] };
        if !parameters.is_empty() && !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(SendError::Refused("the server takes no addresses beyond ASCII".to_owned()));
        }
        let mail = Mail::new(Some(self.from.email.clone()), parameters);
        connection.command(mail).await.map_err(later("MAIL FROM"))?;
        connection.command(Rcpt::new(to, Vec::new())).await.map_err(|error| judge("RCPT TO", &error))?;
        connection.command(Data).await.map_err(|error| judge("DATA", &error))?;
        connection.message(&message).await.map_err(|error| judge("the message", &error))?;
        // It is taken, whatever the server says to a good-bye.
        let _ = connection.quit().await;
        Ok(())
    }

    /// Logs in and names the sender.
    pub(super) async fn rehearse(&self) -> Result<(), SendError> {
        let mut connection = self.connect().await.map_err(later("the connection"))?;
        let mail = Mail::new(Some(self.from.email.clone()), Vec::new());
        connection.command(mail).await.map_err(later("MAIL FROM"))?;
        // Nothing was sent, whatever the server says to a good-bye.
        let _ = connection.quit().await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let at_once = self.tls.clone().filter(|_| self.server.tls == SmtpTls::Implicit);
        let address = (self.server.host.as_str(), self.server.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &self.hello, at_once, None).await?;
        if let (SmtpTls::StartTls, Some(tls)) = (self.server.tls, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn message(&self, id: &MailId, to: &Address, letter: &Letter) -> Result<Vec<u8>, SendError> {
        let message = lettre::Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(&letter.subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()));
        let mut message = message.map_err(|_| SendError::Refused("it makes no message".to_owned()))?;
        for (name, value) in letter.leaving() {
            let name = HeaderName::new_from_ascii_str(name);
            message.headers_mut().insert_raw(HeaderValue::new(name, value));
        }
        Ok(message.formatted())
    }
}

fn later(stage: &str) -> impl FnOnce(Error) -> SendError {
    move |error| SendError::Later(describe(stage, &error))
}

/// What a refusal of the recipient or of what the mail says means.
fn judge(stage: &str, error: &Error) -> SendError {
    // 530: the server wants a login first.
    let for_good = error.is_permanent() && error.status().is_some_and(|code| code.to_string() != "530");
    if for_good { SendError::Refused(describe(stage, error)) } else { SendError::Later(describe(stage, error)) }
}

/// The number of an answer and not its words, which often repeat the address.
fn describe(stage: &str, error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => format!("{stage} was answered {code}"),
        None if error.is_response() => format!("{stage} was answered with something other than SMTP"),
        None if error.is_timeout() => format!("{stage} was not answered in time"),
        None => format!("{stage} failed: {cause}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_that_can_be_ended_say_where_in_their_header() {
        let server = SmtpServer { host: "127.0.0.1".to_owned(), port: 25, tls: SmtpTls::None, login: None };
        let smtp = Smtp::new(server, "a@example.com".parse().expect("an address")).expect("a transport");
        let letter = |unsubscribe: Option<&str>| Letter {
            to: "b@example.com".to_owned(),
            subject: "Told".to_owned(),
            text: "text".to_owned(),
            html: "html".to_owned(),
            unsubscribe: unsubscribe.map(str::to_owned),
        };
        let (to, id) = ("b@example.com".parse().expect("an address"), MailId::parse("0123456789abcde").expect("an id"));
        let message = |unsubscribe| {
            let message = smtp.message(&id, &to, &letter(unsubscribe)).expect("a message");
            String::from_utf8(message).expect("text")
        };
        let ended = message(Some("https://cap.example.com/unsubscribe?user=u&token=t"));
        assert!(
            ended.contains("List-Unsubscribe: <https://cap.example.com/unsubscribe?user=u&token=t>\r\n"),
            "{ended}"
        );
        assert!(ended.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{ended}");
        assert!(!message(None).contains("List-Unsubscribe"));
    }
}
