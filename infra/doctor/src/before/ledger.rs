//! The table of leases, limits and today's views.

use aws_config::SdkConfig;
use common::{
    check::Check,
    config::LedgerConfig,
    ledger::{Heartbeat, Ledger, LedgerError, Worker},
};

pub(super) async fn all(sdk: &SdkConfig) -> Vec<Check> {
    let (id, name) = ("ledger", "Table");
    let ledger = match LedgerConfig::from_env() {
        Ok(config) => Ledger::new(config, sdk),
        Err(error) => return vec![super::misconfigured(id, name, &error)],
    };
    if let Err(error) = ledger.ping().await {
        return vec![refused(id, name, &error)];
    }
    let mut checks = vec![Check::good(id, name, "It is there, and may be read.")];
    checks.push(match ledger.tell(Worker::Doctor, &Heartbeat::now()).await {
        Ok(()) => Check::good("ledger_writes", "Writing", "An item was written."),
        Err(error) => refused("ledger_writes", "Writing", &error),
    });
    checks.push(match ledger.expires().await {
        Ok(true) => Check::good("ledger_expires", "Time to live", "What is over is removed."),
        Ok(false) => Check::wrong(
            "ledger_expires",
            "Time to live",
            words::checks().ledger_keeps,
            words::checks().ledger_keeps_advice,
        ),
        Err(_) => {
            let advice =
                "Allow dynamodb:DescribeTimeToLive on the table, or look at it in the console: attribute expires_at.";
            Check::unknown("ledger_expires", "Time to live", "It is not told whether what is over is removed.", advice)
        }
    });
    checks
}

fn refused(id: &str, name: &str, error: &LedgerError) -> Check {
    // Holds the library's words, which may name addresses, and is judged and not shown.
    let words = error.to_string();
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let (says, advice) = if has(&["ResourceNotFoundException"]) {
        (
            "There is no table of the name in LEDGER_TABLE.",
            "Create it with the key pk (a string), or correct name and AWS_REGION.",
        )
    } else if has(&["AccessDenied"]) {
        (
            "These credentials may not use the table.",
            "Allow dynamodb:GetItem, PutItem, UpdateItem and DeleteItem on it.",
        )
    } else if has(&["UnrecognizedClient", "InvalidSignature", "IncompleteSignature", "MissingAuthenticationToken"]) {
        ("DynamoDB does not accept the credentials.", "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    } else if has(&["ValidationException"]) {
        ("The table has another key.", "Its only key must be pk, a string.")
    } else if has(&["CredentialsNotLoaded", "no credentials", "credentials provider"]) {
        ("There are no credentials.", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.")
    } else {
        ("DynamoDB does not answer.", "Correct AWS_ENDPOINT_URL_DYNAMODB and AWS_REGION, or open the way to it.")
    };
    Check::wrong(id, name, says, advice)
}
