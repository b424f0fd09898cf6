//! Flow by flow: what happens to a recording, whatever happens to the machines.

mod account_deletion;
mod bad_media;
mod bin;
mod cli;
mod corpus;
mod deriving;
mod desktop;
mod events;
mod failures;
mod instant;
mod login;
mod mail;
mod migrations;
mod outages;
mod publish;
mod queries;
mod screenshots;
mod secrets;
mod sharing_out;
mod sweep;
mod ten_thousand_parts;
mod tls;
mod views;
mod watching;
