//! What deploys and what emulates: the real tools, with the repository's own scripts and template. docs/EMULATORS.md
//! says what each of them proves.

mod cargo_lambda;
mod parts;
mod sam_local;
mod stack;
mod watch;
