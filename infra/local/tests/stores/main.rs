//! The stores of the local cloud, each through the client that the functions use.

mod dynamo;
mod mail;
mod mysql;
mod s3;
