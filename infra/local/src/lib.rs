//! The local cloud: runs `template.yaml` on one machine, with the functions' real programs.

mod http;
pub mod ids;
pub mod lambda;
pub mod log;
pub mod signals;
pub mod template;
