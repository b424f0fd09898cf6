//! What is measured, and how CloudWatch is told: "Specification: Embedded metric format" in its user guide.
//!
//! CloudWatch is paid by the metric, and each value of a dimension makes another one: so all have the deployment's name and
//! nothing else, but for the two that are of no use without the function's.

use serde_json::{Map, Number, Value, json};

use crate::time::Millis;

/// Where CloudWatch lists them.
pub const NAMESPACE: &str = "Capstan";

/// A measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Jobs that did what they were there for.
    JobsDone,
    /// Jobs whose recording nothing can be made of.
    JobsRejected,
    /// Tries that ended in an error and are repeated, unless they were the last.
    JobsFailed,
    /// Jobs of which every try has failed.
    JobsGivenUp,
    /// Bytes that functions read from S3 and wrote to it.
    BytesMoved,
    /// Bytes that S3 copied to itself instead.
    BytesCopied,
    /// Length of what was published without encoding its picture.
    SecondsNotEncoded,
    /// From an upload's arrival until it plays.
    TimeToReady,
    /// How long the recording that has waited longest stands still. Told by each sweep.
    OldestJob,
    /// How long the mail that has waited longest is in the outbox. Told while there is one.
    OldestMail,
    /// Mails that their provider has taken.
    MailsSent,
    /// Mails that it refused for good.
    MailsRefused,
    /// Mails that could not be sent and are tried again.
    MailsFailed,
    /// Logins for which a mail was asked for.
    LoginsAsked,
    /// Logins that signed somebody in.
    LoginsDone,
    /// Logins with a code or a link that is none, or with a form of another browser.
    LoginsRefused,
    /// Logins that were tried too often.
    LoginsLimited,
    /// Requests answered with 4xx.
    ClientErrors,
    /// Requests answered with 5xx.
    ServerErrors,
}

impl Metric {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::JobsDone,
        Self::JobsRejected,
        Self::JobsFailed,
        Self::JobsGivenUp,
        Self::BytesMoved,
        Self::BytesCopied,
        Self::SecondsNotEncoded,
        Self::TimeToReady,
        Self::OldestJob,
        Self::OldestMail,
        Self::MailsSent,
        Self::MailsRefused,
        Self::MailsFailed,
        Self::LoginsAsked,
        Self::LoginsDone,
        Self::LoginsRefused,
        Self::LoginsLimited,
        Self::ClientErrors,
        Self::ServerErrors,
    ];

    /// What CloudWatch calls it.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Its unit, one of those that CloudWatch knows.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::BytesMoved | Self::BytesCopied => "Bytes",
            Self::SecondsNotEncoded | Self::TimeToReady | Self::OldestJob | Self::OldestMail => "Seconds",
            _ => "Count",
        }
    }

    /// By what it is told apart.
    #[must_use]
    pub fn dimensions(self) -> &'static [&'static str] {
        match self {
            Self::ClientErrors | Self::ServerErrors => &["Stack", "Function"],
            _ => &["Stack"],
        }
    }
}

/// Puts measures into a line, and what CloudWatch has to know to find them there.
pub(super) fn embed(
    line: &mut Map<String, Value>,
    stack: &str,
    function: &str,
    measured: &[(Metric, Number)],
    now: Millis,
) {
    if measured.is_empty() {
        return;
    }
    let mut directives: Vec<(&[&str], Vec<Value>)> = Vec::new();
    for (metric, value) in measured {
        let (name, dimensions) = (metric.name(), metric.dimensions());
        let definition = json!({ "Name": name, "Unit": metric.unit() });
        match directives.iter_mut().find(|(known, _)| *known == dimensions) {
            Some((_, definitions)) => definitions.push(definition),
            None => directives.push((dimensions, vec![definition])),
        }
        for dimension in dimensions {
            let of = if *dimension == "Function" { function } else { stack };
            line.insert((*dimension).to_owned(), of.into());
        }
        line.insert(name, value.clone().into());
    }
    let directives = directives.into_iter().map(|(dimensions, definitions)| {
        json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": definitions })
    });
    let directives: Vec<_> = directives.collect();
    line.insert("_aws".to_owned(), json!({ "Timestamp": now.0, "CloudWatchMetrics": directives }));
}
