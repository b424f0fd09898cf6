//! The local cloud: runs `template.yaml` on one machine, with the functions' real programs.

pub mod cloud;
pub mod custom_resource;
pub mod dynamo;
pub mod events;
pub mod gateway;
mod handover;
mod http;
pub mod iam;
pub mod ids;
pub mod lambda;
pub mod log;
pub mod mail;
pub mod mysql;
pub mod s3;
mod schedule;
pub mod signals;
mod state;
pub mod template;
pub mod up;
