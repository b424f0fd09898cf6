//! Functions that nobody asks anything: they leave word of themselves in the ledger.

use common::{check::Check, config::MailShown, ledger::Heartbeat, objects::Listed, time::Millis};
use words::checks as said;

/// Milliseconds without word after which the sweep does not run: three of its periods.
const SWEEP_SILENT_MILLIS: i64 = 15 * 60_000;
/// The same where the sweep lets the database sleep for an hour.
const RARE_SWEEP_SILENT_MILLIS: i64 = 3 * 3_600_000;
/// The same of the look at the outbox, five of its periods.
const MAIL_SILENT_MILLIS: i64 = 5 * 60_000;
/// Seconds that a mail may wait before something is wrong: its event is followed by a look every minute.
const MAIL_SECONDS: i64 = 180;

type Told = Result<Option<Heartbeat>, &'static str>;

/// The function that publishes, and the program that it does so with. It runs rarely where the database pauses.
pub(super) fn transcode(told: Told, rarely: bool) -> Vec<Check> {
    let patience = if rarely { RARE_SWEEP_SILENT_MILLIS } else { SWEEP_SILENT_MILLIS };
    let ffmpeg = told.as_ref().ok().and_then(Option::as_ref).map_or_else(
        || Check::unknown("ffmpeg", said().ffmpeg, said().ffmpeg_unknown, said().transcode_never_advice),
        ffmpeg,
    );
    let sweep = worker(
        "transcode",
        said().transcode,
        told,
        patience,
        &Sentences {
            never: said().transcode_never_advice,
            silent: said().transcode_silent_advice,
            failed: said().transcode_failed_advice,
        },
    );
    vec![sweep, ffmpeg]
}

/// The function that sends.
pub(super) fn mail(told: Told) -> Check {
    worker(
        "mail_function",
        said().mail_function,
        told,
        MAIL_SILENT_MILLIS,
        &Sentences {
            never: said().mail_never_advice,
            silent: said().mail_silent_advice,
            failed: said().mail_failed_advice,
        },
    )
}

/// What to do about a function.
struct Sentences {
    never: &'static str,
    silent: &'static str,
    failed: &'static str,
}

fn worker(id: &str, name: &str, told: Told, patience: i64, advice: &Sentences) -> Check {
    let heartbeat = match told {
        Ok(Some(heartbeat)) => heartbeat,
        Ok(None) => return Check::unknown(id, name, said().worker_never, advice.never),
        Err(why) => return Check::unknown(id, name, said().worker_untold(why), said().worker_untold_advice),
    };
    let at = heartbeat.at.minute();
    if Millis::now().0 - heartbeat.at.0 > patience {
        return Check::wrong(id, name, said().worker_silent(at), advice.silent);
    }
    if let Some(failure) = &heartbeat.failure {
        return Check::wrong(id, name, said().worker_failed(at, failure), advice.failed);
    }
    let own = env!("CARGO_PKG_VERSION");
    if heartbeat.release != own {
        return Check::wrong(id, name, said().worker_release(&heartbeat.release, own), said().worker_release_advice);
    }
    Check::good(id, name, said().worker_good(at))
}

fn ffmpeg(told: &Heartbeat) -> Check {
    let (id, name) = ("ffmpeg", said().ffmpeg);
    match (&told.tool, &told.tool_failure) {
        (_, Some(failure)) => Check::wrong(id, name, said().ffmpeg_wrong(failure), said().ffmpeg_advice),
        (Some(version), None) => Check::good(id, name, said().ffmpeg_good(version)),
        (None, None) => Check::unknown(id, name, said().ffmpeg_unknown, said().transcode_never_advice),
    }
}

/// How mail leaves, as it is configured.
pub(super) fn provider(config: &MailShown) -> Check {
    let (id, name) = ("mail", said().mail);
    let says = |how: &str| said().mail_good(how, &config.from);
    match config.transport.as_str() {
        "log" => Check::wrong(id, name, said().mail_log, said().mail_log_advice),
        "ses" => Check::good(id, name, says("Amazon SES")),
        "resend" => Check::good(id, name, says("Resend")),
        other => Check::good(id, name, says(&other.to_uppercase())),
    }
}

/// Mails that wait.
pub(super) fn outbox(answer: Result<Vec<Listed>, &'static str>) -> Check {
    let (id, name) = ("outbox", said().outbox);
    let waiting = match answer {
        Ok(waiting) => waiting,
        Err(why) => return Check::unknown(id, name, why, said().outbox_advice),
    };
    let count = || match waiting.len() {
        1 => said().one_mail.to_owned(),
        many => said().many_mails(many),
    };
    let late = Millis::now().seconds() - MAIL_SECONDS;
    match waiting.last() {
        None => Check::good(id, name, said().outbox_empty),
        Some(oldest) if oldest.stored_at < late => {
            let since = Millis(oldest.stored_at * 1000).minute();
            Check::wrong(id, name, said().outbox_late(count(), since), said().outbox_late_advice)
        }
        Some(_) => Check::good(id, name, said().outbox_moves(count())),
    }
}

#[cfg(test)]
mod tests {
    use common::check::State;

    use super::*;

    fn told(change: impl FnOnce(&mut Heartbeat)) -> Told {
        let mut heartbeat = Heartbeat { tool: Some("7.1".to_owned()), ..Heartbeat::now() };
        change(&mut heartbeat);
        Ok(Some(heartbeat))
    }

    #[test]
    fn a_function_is_known_by_its_last_word() {
        let states = |told: Told| transcode(told, false).into_iter().map(|check| check.state).collect::<Vec<_>>();
        assert_eq!(states(told(|_| ())), [State::Good, State::Good]);
        assert_eq!(states(Ok(None)), [State::Unknown, State::Unknown]);
        assert_eq!(states(Err("It does not answer.")), [State::Unknown, State::Unknown]);
        assert_eq!(states(told(|told| told.at.0 -= 16 * 60_000)), [State::Wrong, State::Good]);
        assert_eq!(states(told(|told| told.failure = Some("the database".to_owned()))), [State::Wrong, State::Good]);
        assert_eq!(states(told(|told| told.release = "0.0.1".to_owned())), [State::Wrong, State::Good]);
        let layer = told(|told| (told.tool, told.tool_failure) = (None, Some("ffmpeg was not found".to_owned())));
        assert_eq!(states(layer), [State::Good, State::Wrong]);
        assert_eq!(transcode(told(|told| told.at.0 -= 16 * 60_000), true)[0].state, State::Good);
        assert_eq!(transcode(told(|told| told.at.0 -= 4 * 3_600_000), true)[0].state, State::Wrong);
        let silent = mail(told(|told| told.at.0 -= 6 * 60_000));
        assert_eq!((silent.state, silent.advice.as_deref()), (State::Wrong, Some(said().mail_silent_advice)));
    }
}
