//! How often what may be done. Wide enough for an office behind one address, too narrow to find a code of six digits in:
//! twenty tries an hour at one mailbox, each at the codes of two mails, take two and a half years for as many as there are.

use common::{
    error::ApiError,
    http::StatusCode,
    limits::Limit,
    telemetry::{self, Metric},
};

/// Counts a step of a login that was taken, refused or tried too often.
pub(crate) fn counted<T>(step: Result<T, ApiError>, taken: Metric) -> Result<T, ApiError> {
    let metric = match &step {
        Ok(_) => Some(taken),
        Err(error) => match error.status {
            StatusCode::FORBIDDEN => Some(Metric::LoginsRefused),
            StatusCode::TOO_MANY_REQUESTS => Some(Metric::LoginsLimited),
            _ => None,
        },
    };
    if let Some(metric) = metric {
        telemetry::count(metric, 1);
    }
    step
}

/// Mails to one mailbox.
pub(crate) const MAILS_TO_MAILBOX: Limit = Limit { name: "mail-to", most: 20, seconds: 600 };
/// Those of them that are asked for from one address, so that a stranger alone does not use up what its owner has.
pub(crate) const MAILS_FROM_SOURCE_TO_MAILBOX: Limit = Limit { name: "mail-from-to", most: 10, seconds: 600 };
/// Mails asked for from one address.
pub(crate) const MAILS_FROM_SOURCE: Limit = Limit { name: "mail-from", most: 100, seconds: 600 };
/// Codes tried for one mailbox.
pub(crate) const CODES_OF_MAILBOX: Limit = Limit { name: "code-of", most: 20, seconds: 3600 };
/// Codes tried from one address.
pub(crate) const CODES_FROM_SOURCE: Limit = Limit { name: "code-from", most: 100, seconds: 600 };
/// Keys and sessions that one person makes for programs.
pub(crate) const KEYS_OF_USER: Limit = Limit { name: "key-of", most: 20, seconds: 3600 };
/// Codes of the `cap` command that are tried from one address. They cannot be guessed; this keeps the database quiet.
pub(crate) const AGENT_CODES_FROM_SOURCE: Limit = Limit { name: "agent-code-from", most: 100, seconds: 600 };
/// Mails with a code for a program, to one mailbox.
pub(crate) const MOBILE_MAILS_TO_MAILBOX: Limit = Limit { name: "mobile-mail-to", most: 10, seconds: 600 };
/// Those of them that are asked for from one address, so that a stranger alone does not use up what its owner has.
pub(crate) const MOBILE_MAILS_FROM_SOURCE_TO_MAILBOX: Limit =
    Limit { name: "mobile-mail-from-to", most: 5, seconds: 600 };
/// The same, asked for from one address.
pub(crate) const MOBILE_MAILS_FROM_SOURCE: Limit = Limit { name: "mobile-mail-from", most: 100, seconds: 600 };
/// Codes for programs tried for one mailbox: whoever asks for mails and guesses finds one of 900,000 after ten years.
pub(crate) const MOBILE_CODES_OF_MAILBOX: Limit = Limit { name: "mobile-code-of", most: 10, seconds: 3600 };
/// The same, tried from one address.
pub(crate) const MOBILE_CODES_FROM_SOURCE: Limit = Limit { name: "mobile-code-from", most: 100, seconds: 600 };
