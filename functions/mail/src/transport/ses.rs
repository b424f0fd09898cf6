//! Amazon SES.

use aws_sdk_sesv2::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::{get_account::GetAccountError, send_email::SendEmailError},
    types::{Body, Content, Destination, EmailContent, Message, MessageHeader},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::message::Mailbox;

use super::{Answered, CONNECT, SEND, SendError};
use crate::letter::Letter;

/// SES in the region of the credentials, and whom mail is from.
#[derive(Debug)]
pub struct Ses {
    client: Client,
    from: String,
    address: String,
    domain: String,
}

impl Ses {
    pub(super) fn new(sdk: &aws_config::SdkConfig, from: &Mailbox) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(SEND).build();
        // A call that got no answer may have sent the mail: it is repeated by the schedule, when there is none.
        let config = Builder::from(sdk).retry_config(RetryConfig::disabled()).timeout_config(timeouts);
        let (address, domain) = (from.email.to_string(), from.email.domain().to_owned());
        Self { client: Client::from_conf(config.build()), from: sender(from), address, domain }
    }

    pub(super) async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let content = |text: &str| Content::builder().data(text).charset("UTF-8").build();
        let parts = (content(&letter.subject), content(&letter.text), content(&letter.html));
        let (Ok(subject), Ok(text), Ok(html)) = parts else {
            return Err(SendError::Refused("a mail without words".to_owned()));
        };
        let headers = letter.leaving().map(|(name, value)| MessageHeader::builder().name(name).value(value).build());
        let Ok(headers) = headers.collect::<Result<Vec<_>, _>>() else {
            return Err(SendError::Refused("a mail whose headers have no values".to_owned()));
        };
        let body = Body::builder().text(text).html(html).build();
        let message = Message::builder().subject(subject).body(body);
        let message = if headers.is_empty() { message } else { message.set_headers(Some(headers)) }.build();
        let send = self.client.send_email().from_email_address(&self.from);
        let send = send.destination(Destination::builder().to_addresses(&letter.to).build());
        match send.content(EmailContent::builder().simple(message).build()).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(judge(&error)),
        }
    }

    /// Asks whether anybody may be sent to, and whether the sender is verified: its domain, or the address alone.
    pub(super) async fn rehearse(&self) -> Result<Answered, SendError> {
        let account = self.client.get_account().send().await.map_err(|error| unanswered(&error))?;
        if !account.production_access_enabled {
            let sandbox = "the account is in the sandbox of this region, and mail reaches verified addresses only";
            return Err(SendError::Later(sandbox.to_owned()));
        }
        for identity in [&self.domain, &self.address] {
            let known = self.client.get_email_identity().email_identity(identity).send().await;
            if known.is_ok_and(|known| known.verified_for_sending_status) {
                return Ok(Answered::Sender);
            }
        }
        Err(SendError::Later("neither the domain of MAIL_FROM nor its address is verified in this region".to_owned()))
    }
}

/// SES wants a name beyond ASCII encoded as headers have it (RFC 2047), in words of at most 75 characters.
fn sender(from: &Mailbox) -> String {
    match &from.name {
        Some(name) if !name.is_ascii() => {
            let mut words: Vec<String> = Vec::new();
            for character in name.chars() {
                match words.last_mut() {
                    Some(word) if word.len() + character.len_utf8() <= 45 => word.push(character),
                    _ => words.push(character.to_string()),
                }
            }
            let words: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
            format!("{} <{}>", words.join(" "), from.email)
        }
        _ => from.to_string(),
    }
}

fn unanswered(error: &SdkError<GetAccountError>) -> SendError {
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) => SendError::Later(format!("SES answered {code}")),
        None => SendError::Later("SES did not answer".to_owned()),
    }
}

fn judge(error: &SdkError<SendEmailError>) -> SendError {
    let Some(refusal) = error.as_service_error() else {
        return SendError::Later(DisplayErrorContext(error).to_string());
    };
    let reason = format!("SES answered {}", refusal.code().unwrap_or("with an error that has no name"));
    // The same code says that MAIL_FROM, or in the sandbox the recipient, is not verified: the operator's to mend.
    let unverified = refusal.message().is_some_and(|message| message.contains("not verified"));
    match refusal {
        SendEmailError::MessageRejected(_) if unverified => {
            SendError::Later(format!("{reason}: an address is not verified"))
        }
        SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_) => SendError::Refused(reason),
        _ => SendError::Later(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_ascii_are_encoded() {
        let from =
            |name: &str| sender(&Mailbox::new(Some(name.to_owned()), "a@example.com".parse().expect("an address")));
        assert_eq!(from("Capstan"), "Capstan <a@example.com>");
        assert_eq!(from("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?= <a@example.com>");
        let long = from(&"ü".repeat(40));
        assert!(long.is_ascii() && long.split(' ').all(|word| word.len() <= 75), "{long}");
        assert_eq!(long.matches("=?UTF-8?B?").count(), 2, "{long}");
    }
}
