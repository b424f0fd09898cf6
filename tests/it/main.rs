//! Everything at its edge: HTTP, events, objects, rows. One file a route or a flow; names are sentences.

mod doctor;
mod flows;
mod library;
mod live_pages;
mod load;
mod local_cloud;
mod looks;
mod newcomer;
mod openapi;
mod pages;
mod recorder;
mod routes;
mod talk;
mod telemetry;
