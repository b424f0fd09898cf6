//! The library against real files, made with the machine's FFmpeg while the tests run.

mod assembly;
mod chunks;
mod damage;
mod faststart;
mod faststart_damage;
mod faststart_large;
mod index;
mod join;
mod memory;
mod preview;
mod publish;
mod renditions;
mod run;
mod storyboard;
mod storyboard_damage;
mod support;
mod webm;
