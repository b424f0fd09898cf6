//! The database, and what it tells of recordings.

use common::{
    check::Check,
    db::server::{About, NEWEST_MIGRATION, Unfit, Videos},
    time::Millis,
};
use words::checks as said;

/// Milliseconds by which two clocks may differ before codes and links end too early or too late.
const CLOCKS_MILLIS: u64 = 60_000;

/// The server, its clock and its schema.
pub(super) fn all(answer: Result<(About, u128, Option<u32>), &'static str>) -> Vec<Check> {
    match answer {
        Ok((about, took, migration)) => vec![server(&about, took), clock(&about), schema(migration)],
        Err(why) => vec![Check::wrong("database", said().database, why, said().database_advice)],
    }
}

fn server(about: &About, took: u128) -> Check {
    let (id, name) = ("database", said().database);
    let says = said().database_good(&about.version, took);
    match about.unfit() {
        None => Check::good(id, name, says),
        // The local cloud runs on it where there is no MySQL.
        Some(Unfit::MariaDb) => Check::unknown(id, name, says, said().database_maria_advice),
        Some(Unfit::Old) => Check::wrong(id, name, says, said().database_old_advice),
    }
}

fn clock(about: &About) -> Check {
    let (id, name) = ("clock", said().clock);
    let apart = about.clock.0.abs_diff(Millis::now().0);
    if apart > CLOCKS_MILLIS {
        Check::wrong(id, name, said().clock_apart(apart / 1000), said().clock_advice)
    } else {
        Check::good(id, name, said().clock_good)
    }
}

fn schema(migration: Option<u32>) -> Check {
    let (id, name) = ("migrations", said().schema);
    let shown = migration.map_or("V000".to_owned(), |migration| format!("V{migration:03}"));
    if shown == format!("V{NEWEST_MIGRATION:0>3}") {
        Check::good(id, name, shown)
    } else {
        let says = said().schema_other(shown, format!("V{NEWEST_MIGRATION:0>3}"));
        Check::wrong(id, name, says, said().schema_advice)
    }
}

/// Whether the function that publishes does so cannot be asked, but seen.
pub(super) fn recordings(videos: Option<&Videos>) -> Check {
    let (id, name) = ("publishing", said().publishing);
    let Some(videos) = videos else {
        return Check::unknown(id, name, said().publishing_untold, said().publishing_untold_advice);
    };
    match (&videos.stuck, videos.published_at) {
        (Some((video, since)), _) => {
            Check::wrong(id, name, said().publishing_stuck(video, since.minute()), said().publishing_stuck_advice)
        }
        (None, Some(at)) => Check::good(id, name, said().publishing_good(at.minute())),
        (None, None) => Check::unknown(id, name, said().publishing_never, said().publishing_never_advice),
    }
}

#[cfg(test)]
mod tests {
    use common::check::State;

    use super::*;

    #[test]
    fn d6_an_older_schema_is_named_with_the_one_that_is_needed() {
        let check = schema(Some(1));
        let needed = format!("V{NEWEST_MIGRATION:0>3}");
        assert!(
            check.state == State::Wrong && check.says.contains("V001") && check.says.contains(&needed),
            "{check:?}"
        );
        assert_eq!(schema(None).state, State::Wrong);
        assert_eq!(schema(NEWEST_MIGRATION.parse().ok()).state, State::Good);
    }

    #[test]
    fn another_product_and_another_time_are_named() {
        let now = Millis::now();
        let about = |version: &str, clock| About { version: version.to_owned(), charset: "utf8mb4".to_owned(), clock };
        assert_eq!(server(&about("8.4.2", now), 1).state, State::Good);
        assert_eq!(server(&about("10.11.6-MariaDB", now), 1).advice.as_deref(), Some(said().database_maria_advice));
        assert_eq!(server(&about("5.7.44", now), 1).advice.as_deref(), Some(said().database_old_advice));
        assert_eq!(clock(&about("8.4.2", Millis(now.0 - 1000))).state, State::Good);
        assert_eq!(clock(&about("8.4.2", Millis(now.0 - 1_200_000))).state, State::Wrong);
    }
}
