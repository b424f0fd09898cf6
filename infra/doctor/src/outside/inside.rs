//! What the functions see, as they tell whoever runs the server; and a mail, which only they can send.

use std::{
    thread,
    time::{Duration, Instant},
};

use common::check::{Check, State};
use serde::Deserialize;
use serde_json::json;

use super::{Visit, host_of};

/// Longest that is waited for word of a mail: its event, with both repeats.
const MAIL_PATIENCE: Duration = Duration::from_secs(30);
/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Report {
    checks: Vec<Check>,
}

pub(super) fn all(visit: &Visit<'_>, signed_in: bool) -> Vec<Check> {
    let (id, name) = ("report", "Report");
    if !signed_in {
        let advice = "Give the key of somebody in Operators as KEY=….";
        return vec![Check::unknown(id, name, "It is told to who runs the server.", advice)];
    }
    let mail = visit.site.mail_to.as_deref().map(|to| mailed(visit, to));
    let mut checks = match report(visit) {
        Ok(checks) => checks,
        Err(check) => vec![check],
    };
    checks.push(mail.unwrap_or_else(|| {
        Check::unknown(
            "mail_to",
            "A mail to you",
            "None was sent.",
            "Give your mailbox as MAIL_TO=…: a login code is sent there.",
        )
    }));
    checks
}

fn report(visit: &Visit<'_>) -> Result<Vec<Check>, Check> {
    let (id, name) = ("report", "Report");
    match visit.ask("GET", "/api/status/report", None) {
        Ok(got) if got.status == 200 => {
            serde_json::from_slice::<Report>(&got.body).map(|report| report.checks).map_err(|_| {
                let says = "The server's report is of another release.";
                Check::unknown(id, name, says, "Run this from the checkout that was deployed.")
            })
        }
        Ok(got) if got.status == 404 => {
            let advice = "Deploy with Operators, a list of mailboxes, and take a key of one of them.";
            Err(Check::unknown(id, name, "The key is of nobody who runs the server.", advice))
        }
        Ok(got) => {
            let says = format!("The server's report answers {}.", got.shown());
            Err(Check::wrong(id, name, says, "Look at the metadata function's log."))
        }
        Err(silence) => Err(Check::unknown(id, name, silence.says(host_of(&visit.site.base)), "Run this again.")),
    }
}

/// Sends a code as if somebody signed in with a program, and looks what becomes of it.
fn mailed(visit: &Visit<'_>, to: &str) -> Check {
    let (id, name) = ("mail_to", "A mail to you");
    let asked = visit.asked("POST", "/api/mobile/session/email/request", Some(&json!({ "email": to })));
    if let Err(says) = asked {
        let advice = "Look at the auth function's log: it leaves mails in the bucket, under outbox/.";
        return Check::wrong(id, name, format!("{says}."), advice);
    }
    let begun = Instant::now();
    loop {
        let Ok(checks) = report(visit) else {
            return Check::unknown(
                id,
                name,
                "A code was asked for.",
                "Look whether it arrives, in the folder for spam too.",
            );
        };
        let of = |id: &str| checks.iter().find(|check| check.id == id);
        if let Some(failed) = of("mail_function").filter(|check| check.state == State::Wrong) {
            return Check::wrong(id, name, failed.says.clone(), failed.advice.clone().unwrap_or_default());
        }
        if of("outbox").is_some_and(|outbox| outbox.says == words::checks().outbox_empty) {
            let says = "A code was taken by the provider. Look whether it arrives, in the folder for spam too.";
            return Check::good(id, name, says);
        }
        if begun.elapsed() > MAIL_PATIENCE {
            let says = format!("After {} seconds a mail still waits in the outbox.", MAIL_PATIENCE.as_secs());
            let advice =
                "Look whether the bucket's notification for outbox/ reaches the mail function, and at its log.";
            return Check::wrong(id, name, says, advice);
        }
        thread::sleep(PERIOD);
    }
}
