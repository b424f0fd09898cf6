//! Route by route, in the order of template.yaml.

mod avatar;
mod caps;
mod create;
mod delete;
mod derived;
mod every_route;
mod multipart;
mod playlist;
mod profile;
mod share;
mod signed;
mod status;
