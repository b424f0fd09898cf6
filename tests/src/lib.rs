//! What the tests stand on: one local cloud for all of them, people with keys, recordings, and waiting with a bound.
//!
//! Nothing here is a mock. The cloud is `capstan-local`, with a real MySQL, an S3 that checks signatures, FFmpeg, and
//! the functions' own binaries.

pub mod bait;
pub mod cap;
pub mod chromium;
pub mod cli;
pub mod cloud;
pub mod corpus;
pub mod derived;
pub mod desktop;
pub mod elapsed;
pub mod emf;
pub mod footage;
pub mod front;
pub mod instant;
pub mod invocation;
pub mod logs;
pub mod mail;
pub mod ministack;
pub mod permissions;
pub mod person;
pub mod picky;
pub mod processes;
pub mod proxy;
pub mod reason;
pub mod rows;
pub mod statements;
pub mod store;
pub mod tools;
pub mod visitor;
pub mod wait;
pub mod watcher;
