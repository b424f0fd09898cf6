//! FFmpeg: the commands, and running them as something that is not trusted with anything.

mod chunk;
mod clean;
mod command;
mod ladder;
mod output;
mod preview;
mod run;
mod storyboard;
mod tools;

pub use chunk::Timed;
pub use clean::clean;
pub use command::{Gaps, Input, fragmented_output};
pub use output::{Output, Outputs};
pub use run::{FfmpegError, RunOutput, run};
pub use tools::Tools;
