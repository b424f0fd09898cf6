//! Runs the rows, some at a time, and prints the table.

use std::{any::Any, collections::VecDeque, process::ExitCode, time::Instant};

use tokio::{
    runtime,
    task::{JoinSet, LocalSet},
};

use crate::{contract, row::Row};

/// Rows that are looked at together.
const TOGETHER: usize = 8;
/// Characters of a failure that are shown.
const SAID: usize = 400;

struct Outcome {
    place: (String, &'static str),
    tag: &'static str,
    what: &'static str,
    missing: Option<&'static str>,
    /// Why it failed.
    failure: Option<String>,
}

impl Outcome {
    /// What is wrong with the table, if this is.
    fn surprise(&self) -> Option<&'static str> {
        match (&self.failure, self.missing) {
            (None, None) => None,
            (Some(_), None) => Some("not expected to fail"),
            (None, Some(_)) => Some("said to be missing, and is there: it is to be taken off the list"),
            (Some(failure), Some(said)) if failure.contains(said) => None,
            (Some(_), Some(_)) => Some("missing, but this is another failure than the one that is expected"),
        }
    }
}

/// Looks at all rows, or at those whose line has the word of the command line in it.
pub(crate) fn run(rows: Vec<Row>) -> ExitCode {
    let begun = Instant::now();
    if std::env::args().any(|argument| argument == "--list") {
        rows.iter().for_each(|row| println!("§{}: {}", row.anchor, row.what));
        return ExitCode::SUCCESS;
    }
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let compared = contract::compare(&rows);
    let asked = |row: &Row| only.as_ref().is_none_or(|only| format!("{} {}", row.anchor, row.what).contains(only));
    let rows: VecDeque<Row> = rows.into_iter().filter(asked).collect();
    if !rows.is_empty() {
        tests::cloud::cloud();
    }
    if only.is_none() {
        // The table says what came of it.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let outcomes = LocalSet::new().block_on(&runtime, look_at(rows));
    outcomes.iter().for_each(print);
    let surprises = outcomes.iter().filter(|outcome| outcome.surprise().is_some()).count();
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    let missing = outcomes.iter().filter(|outcome| outcome.missing.is_some()).count();
    let (all, passed) = (outcomes.len(), outcomes.len() - failed);
    println!("\n{all} rows: {passed} pass, {failed} fail; {missing} are known to be missing.");
    let wrong = match compared {
        Some(wrong) => wrong,
        None => {
            println!(
                "SKIPPED: ../shared/client-contract.md is not there, so nobody looked whether a row is forgotten."
            );
            Vec::new()
        }
    };
    for wrong in &wrong {
        println!("The table is not the contract's: {wrong}.");
    }
    let bad = surprises + wrong.len();
    let result = if bad == 0 { "ok" } else { "FAILED" };
    let seconds = begun.elapsed().as_secs_f32();
    println!("test result: {result}. {passed} passed; {bad} failed; {missing} missing; finished in {seconds:.1}s");
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn look_at(mut rows: VecDeque<Row>) -> Vec<Outcome> {
    let (mut running, mut outcomes, mut number) = (JoinSet::new(), Vec::new(), 0_usize);
    loop {
        while running.len() < TOGETHER
            && let Some(row) = rows.pop_front()
        {
            let place = number;
            number += 1;
            running.spawn_local(async move { (place, outcome(row).await) });
        }
        let Some(ended) = running.join_next().await else { break };
        outcomes.push(ended.expect("an outcome"));
    }
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

async fn outcome(row: Row) -> Outcome {
    let (place, tag, what, missing) = (row.place(), row.tag.name(), row.what, row.missing);
    let ended = tokio::task::spawn_local(async move { (row.check)().await }).await;
    let failure = ended.err().map(|error| match error.try_into_panic() {
        Ok(panic) => one_line(panic.as_ref()),
        Err(error) => error.to_string(),
    });
    Outcome { place, tag, what, missing, failure }
}

/// What came and what was expected, of the lines that `assert_eq!` says.
fn one_line(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let said = said.unwrap_or("it panicked");
    let said = match (said.split_once("\n  left: "), said.strip_prefix("assertion `left == right` failed")) {
        (Some((_, values)), Some(named)) => {
            let name = named.split("\n  left: ").next().unwrap_or_default().trim_start_matches(": ");
            format!("{name}; came {}", values.replacen("\n right: ", ", expected ", 1))
        }
        _ => said.to_owned(),
    };
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said.trim_start_matches("; ");
    match said.char_indices().nth(SAID) {
        Some((end, _)) => format!("{} …", &said[..end]),
        None => said.to_owned(),
    }
}

fn print(outcome: &Outcome) {
    let Outcome { place: (section, name), tag, what, missing, failure } = outcome;
    let verdict = if failure.is_some() { "fail" } else { "pass" };
    let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
    println!("{section:<7} {tag}  {verdict}  {name}{what}");
    let known = missing.map_or("", |_| " (known to be missing)");
    let why = failure.as_ref().map(|failure| format!("{failure}{known}"));
    let why = match (why, outcome.surprise()) {
        (Some(why), Some(surprise)) if missing.is_some() => Some(format!("{why}; {surprise}")),
        (None, Some(surprise)) => Some(surprise.to_owned()),
        (why, _) => why,
    };
    if let Some(why) = why {
        println!("{:25}{why}", "");
    }
}
