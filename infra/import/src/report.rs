//! What was in Cap, what of it is here now, and what is not.

use std::{collections::BTreeMap, fmt};

/// What is counted. In this order it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    People,
    Pictures,
    DesktopKeys,
    AgentKeys,
    Videos,
    Passwords,
    Recordings,
    Thumbnails,
    Captions,
    Comments,
    Reactions,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Pictures => "pictures of people",
            Self::DesktopKeys => "API keys",
            Self::AgentKeys => "keys of the cap command",
            Self::Videos => "videos",
            Self::Passwords => "passwords of videos",
            Self::Recordings => "recordings, screenshots",
            Self::Thumbnails => "thumbnails",
            Self::Captions => "captions",
            Self::Comments => "comments",
            Self::Reactions => "reactions",
        }
    }
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is here from now on.
    Taken,
    /// It was, or was deleted here since.
    Known,
    /// It is not here.
    Left,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    taken: u64,
    known: u64,
    left: u64,
}

/// The counts of an import.
#[derive(Debug, Default)]
pub(crate) struct Report {
    dry_run: bool,
    tallies: BTreeMap<What, Tally>,
    not_taken: BTreeMap<String, u64>,
    narrower: BTreeMap<&'static str, u64>,
    failures: u64,
}

impl Report {
    pub(crate) fn new(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }

    /// Counts what became of something.
    pub(crate) fn count(&mut self, what: What, fate: Fate) {
        self.count_many(what, fate, 1);
    }

    /// The same of several.
    pub(crate) fn count_many(&mut self, what: What, fate: Fate, many: u64) {
        let tally = self.tallies.entry(what).or_default();
        match fate {
            Fate::Taken => tally.taken += many,
            Fate::Known => tally.known += many,
            Fate::Left => tally.left += many,
        }
    }

    /// Something is left out for good, and why.
    pub(crate) fn leave(&mut self, what: What, which: &str, why: &str) {
        self.count(what, Fate::Left);
        eprintln!("left out: {} {which}: {why}", what.name());
    }

    /// Something was not taken that another try may take.
    pub(crate) fn fail(&mut self, what: What, which: &str, error: &dyn fmt::Display) {
        self.failures += 1;
        self.leave(what, which, &format!("{error}"));
    }

    /// Things for which Capstan has no place.
    pub(crate) fn not_taken(&mut self, name: impl Into<String>, many: u64) {
        if many > 0 {
            *self.not_taken.entry(name.into()).or_default() += many;
        }
    }

    /// A video that fewer people may watch than before.
    pub(crate) fn narrow(&mut self, why: &'static str) {
        *self.narrower.entry(why).or_default() += 1;
    }

    /// How many things another try may take.
    pub(crate) fn failures(&self) -> u64 {
        self.failures
    }

    /// How many of something were looked at.
    pub(crate) fn total(&self, what: What) -> u64 {
        self.tallies.get(&what).map_or(0, |tally| tally.taken + tally.known + tally.left)
    }

    /// How many of something were taken.
    pub(crate) fn taken(&self, what: What) -> u64 {
        self.tallies.get(&what).map_or(0, |tally| tally.taken)
    }

    /// Adds another report's counts.
    pub(crate) fn add(&mut self, other: Self) {
        for (what, tally) in other.tallies {
            self.count_many(what, Fate::Taken, tally.taken);
            self.count_many(what, Fate::Known, tally.known);
            self.count_many(what, Fate::Left, tally.left);
        }
        for (name, many) in other.not_taken {
            self.not_taken(name, many);
        }
        for (why, many) in other.narrower {
            *self.narrower.entry(why).or_default() += many;
        }
        self.failures += other.failures;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = if self.dry_run { "to take" } else { "taken" };
        writeln!(f, "{:<26}{:>10}{taken:>10}{:>10}{:>10}", "", "in Cap", "known", "left out")?;
        for (what, Tally { taken, known, left }) in &self.tallies {
            writeln!(f, "{:<26}{:>10}{taken:>10}{known:>10}{left:>10}", what.name(), taken + known + left)?;
        }
        for (title, counts) in [
            (
                "\nFewer may watch than before:",
                self.narrower.iter().map(|(why, many)| (*why, *many)).collect::<Vec<_>>(),
            ),
            (
                "\nNot taken, since Capstan has no place for it:",
                self.not_taken.iter().map(|(name, many)| (name.as_str(), *many)).collect(),
            ),
        ] {
            if !counts.is_empty() {
                writeln!(f, "{title}")?;
            }
            for (name, many) in counts {
                writeln!(f, "{many:>10}  {name}")?;
            }
        }
        match (self.dry_run, self.failures) {
            (true, _) => writeln!(f, "\nA dry run: nothing was written."),
            (false, 0) => Ok(()),
            (false, failures) => writeln!(f, "\n{failures} could not be taken this time. Run it again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_cap_is_what_was_taken_known_or_left() {
        let mut report = Report::new(false);
        report.count_many(What::Videos, Fate::Taken, 3);
        report.count(What::Videos, Fate::Known);
        report.leave(What::Videos, "x", "it is broken");
        report.not_taken("folders", 2);
        report.not_taken("spaces", 0);
        let text = report.to_string();
        let row = text.lines().find(|line| line.starts_with("videos")).expect("a row");
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["videos", "5", "3", "1", "1"]);
        assert!(text.contains("2  folders") && !text.contains("spaces") && !text.contains("again"), "{text}");
    }
}
