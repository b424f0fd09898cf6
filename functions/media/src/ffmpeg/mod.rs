//! FFmpeg: the commands, and running them as something that is not trusted with anything.

mod chunk;
mod clean;
mod command;
mod run;
mod tools;

pub use chunk::{Source, chunk, sound};
pub use clean::clean;
pub use command::{Gaps, poster, poster_at, probe, publish};
pub use run::{FfmpegError, RunOutput, run};
pub use tools::Tools;
