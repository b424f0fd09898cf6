//! How jobs end, as their last line and the metrics tell it.

use common::telemetry::{self, Metric};

/// How a job ended that is not to be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Published,
    Shown,
    Assembled,
    Derived,
    /// A piece is made, or the work is left to pieces.
    Shared,
    /// Something that was deleted is gone.
    Removed,
    /// Nothing can be made of the recording.
    Rejected,
    /// Every try has failed.
    GivenUp,
    /// Somebody newer goes on.
    Superseded,
    /// There was nothing to do.
    Idle,
}

impl Ended {
    /// Every try has failed: counted here, since the last one ends with its own error all the same.
    pub(crate) fn given_up() -> Self {
        telemetry::count(Metric::JobsGivenUp, 1);
        Self::GivenUp
    }

    /// The word for the log.
    fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Shown => "shown",
            Self::Assembled => "assembled",
            Self::Derived => "derived",
            Self::Shared => "shared",
            Self::Removed => "removed",
            Self::Rejected => "rejected",
            Self::GivenUp => "given up",
            Self::Superseded => "superseded",
            Self::Idle => "idle",
        }
    }
}

/// The line at a job's end; `None` when it ended in an error.
pub(crate) fn told(kind: &str, ended: Option<Ended>) {
    let metric = match ended {
        None => Some(Metric::JobsFailed),
        Some(Ended::Rejected) => Some(Metric::JobsRejected),
        Some(Ended::GivenUp | Ended::Superseded | Ended::Idle) => None,
        Some(_) => Some(Metric::JobsDone),
    };
    if let Some(metric) = metric {
        telemetry::count(metric, 1);
    }
    tracing::info!(target: telemetry::END, kind, outcome = ended.map_or("failed", Ended::word), "job");
}
