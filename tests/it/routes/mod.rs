//! Route by route, in the order of template.yaml.

mod agent_auth;
mod agent_uploads;
mod assets;
mod avatar;
mod caps;
mod create;
mod delete;
mod derived;
mod desktop;
mod desktop_session;
mod embed;
mod every_route;
mod keys;
mod live_playlist;
mod me;
mod mobile;
mod multipart;
mod playlist;
mod profile;
mod progress;
mod recorded;
mod sessions;
mod share;
mod sharing;
mod signed;
mod status;
