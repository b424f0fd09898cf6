//! The library against real files, made with the machine's FFmpeg while the tests run.

mod assembly;
mod damage;
mod index;
mod join;
mod memory;
mod publish;
mod run;
mod support;
