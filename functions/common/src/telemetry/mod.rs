//! What a function tells of itself: one line of JSON an event, on the standard output, from where Lambda takes it as it is. Each
//! says in which invocation it was written, and of which video and person, where that is known. The line that ends a piece of
//! work has its measures in it, as CloudWatch's embedded metric format wants them: they cost no line of their own.

mod invocation;
mod line;
mod metrics;

use lambda_http::tracing::subscriber::{Registry, prelude::*};

pub use invocation::{begin, count, measure, tell, user, video};
pub use metrics::{Metric, NAMESPACE};

use crate::config::TelemetryConfig;

/// Target of the events that end a piece of work. Their lines have in them how long it took, what was told and what was
/// measured.
pub const END: &str = "end";

/// Starts logging as the function with this name. Call once, first thing in `main`.
pub fn init(function: &'static str) {
    let config = TelemetryConfig::from_env();
    let level = config.level;
    invocation::init(function, config);
    Registry::default().with(level).with(line::Lines).init();
    // A panic is an event of its invocation like any other.
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        tracing::error!(at, panic = panic.payload_as_str(), "panicked");
    }));
}
