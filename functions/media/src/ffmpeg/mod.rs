//! FFmpeg: the commands, and running them as something that is not trusted with anything.

mod clean;
mod command;
mod run;
mod tools;

pub use clean::clean;
pub use command::{Gaps, fragmented_output, poster, poster_at, probe, publish};
pub use run::{FfmpegError, RunOutput, run};
pub use tools::Tools;
