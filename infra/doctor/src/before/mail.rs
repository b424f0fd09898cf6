//! How logins are mailed, as far as that can be tried without a mail.

use aws_config::SdkConfig;
use common::{
    check::Check,
    config::{MailConfig, MailTransport},
};
use mail::{Answered, Transport};

pub(super) async fn all(sdk: &SdkConfig) -> Vec<Check> {
    let (id, name) = ("mail", "Provider");
    let config = match MailConfig::from_env() {
        Ok(config) => config,
        Err(error) => return vec![super::misconfigured(id, name, &error)],
    };
    let advice = match &config.transport {
        MailTransport::Resend(_) => {
            "Check RESEND_API_KEY at resend.com, and that the domain of MAIL_FROM is verified there."
        }
        MailTransport::Ses => {
            "Verify the domain of MAIL_FROM in SES, in the region of AWS_REGION, and ask AWS to take the account out of the sandbox."
        }
        MailTransport::Smtp(_) => {
            "Check host, port, user and password in SMTP_URL, that the server lets this user send as MAIL_FROM, and that its port is \
             open from here: many providers close 25."
        }
        MailTransport::Log => "Choose resend, ses or smtp: only whoever reads the log can sign in.",
    };
    let transport = match Transport::new(config, sdk) {
        Ok(transport) => transport,
        Err(error) => return vec![Check::wrong(id, name, format!("{error}."), advice)],
    };
    vec![match transport.rehearse().await {
        Ok(Answered::Sender) => {
            Check::good(id, name, "The provider takes the credentials and the sender. Nothing was sent.")
        }
        Ok(Answered::Login) => {
            Check::good(id, name, "The provider takes the key, and tells nothing of the sender. Nothing was sent.")
        }
        Ok(Answered::Nobody) => Check::wrong(id, name, "Mails are written to the log and not sent.", advice),
        Err(error) => Check::wrong(id, name, format!("The provider refuses: {error}."), advice),
    }]
}
