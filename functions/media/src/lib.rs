//! What Capstan knows about media, without any cloud: what a file is, where its index lies, how it becomes watchable, and
//! the FFmpeg commands that make it so.
//!
//! The order of use: [`sniff()`] the first bytes, read an MP4's index with [`mp4::IndexReader`] (or ask ffprobe with
//! [`ffmpeg::Tools::probe`] for other containers), [`decide()`], run [`ffmpeg::Tools::publish`] and
//! [`ffmpeg::Tools::poster`], and read what was made with [`mp4::read_file`]. What takes longer to encode than an invocation
//! has is cut by [`chunks::plan`], found in the file by [`webm`] when it has no index, and encoded by [`ffmpeg::Tools::chunk`].
//! What was published is shown small by [`storyboard`] with [`ffmpeg::Tools::storyboard`], and by [`ffmpeg::Tools::preview`].

pub mod captions;
pub mod chunks;
pub mod decide;
pub mod ffmpeg;
pub mod hls;
pub mod ladder;
pub mod loopback;
pub mod mp4;
pub mod picture;
mod probe;
mod reason;
mod sniff;
pub mod storyboard;
mod track;
pub mod webm;

pub use decide::{AudioPlan, Decision, Facts, Limits, Plan, VideoPlan, decide};
pub use probe::Probe;
pub use reason::Reason;
pub use sniff::{Container, sniff};
pub use track::{Codec, H264, Kind, PictureBuffer, Rotation, Track};
