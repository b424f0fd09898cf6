//! The library against real files, made with the machine's FFmpeg while the tests run.

mod chunks;
mod damage;
mod index;
mod memory;
mod publish;
mod run;
mod support;
mod webm;
