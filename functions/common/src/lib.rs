//! What all functions share: configuration, identity, the database, objects, the ledger, and how errors are told.

pub mod agent;
pub mod aws;
pub mod browser;
pub mod config;
pub mod db;
pub mod email;
pub mod error;
pub mod event;
pub mod http;
pub mod identity;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod live;
pub mod objects;
pub mod outbox;
pub mod password;
pub mod picture;
pub mod seal;
pub mod secret;
pub mod telemetry;
pub mod text;
pub mod time;
pub mod tokens;
pub mod views;
