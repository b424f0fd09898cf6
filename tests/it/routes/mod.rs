//! Route by route, in the order of template.yaml.

mod avatar;
mod caps;
mod create;
mod delete;
mod derived;
mod desktop_session;
mod every_route;
mod keys;
mod live_playlist;
mod multipart;
mod playlist;
mod profile;
mod recorded;
mod sessions;
mod share;
mod signed;
mod status;
