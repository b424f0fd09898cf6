//! Which links a browser has opened with their passwords: a cookie that only this server can write. A link's entry is of its
//! password, so that another password shuts it again.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use common::{
    config::SiteConfig, db::share_links::Link, http::cookie, password::PasswordHash, secret::AuthSecret, tokens,
};
use lambda_http::Request;

/// Cap's name for it.
const NAME: &str = "x-cap-password";
/// Links that are remembered; a cookie has 4,096 bytes.
const MOST: usize = 10;

/// True when the browser has opened this link with the password that it has.
pub(crate) fn has(site: &SiteConfig, request: &Request, link: &Link, password: &PasswordHash) -> bool {
    let entry = entry(&site.secret, link, password);
    entries(request).iter().any(|other| verify_slices_are_equal(other.as_bytes(), entry.as_bytes()).is_ok())
}

/// The cookie of a browser that has just opened this link, too. It goes when the browser is closed.
pub(crate) fn with(site: &SiteConfig, request: &Request, link: &Link, password: &PasswordHash) -> String {
    let mut entries = entries(request);
    entries.retain(|entry| !entry.starts_with(&format!("{}:", link.code.as_str())));
    entries.push(entry(&site.secret, link, password));
    let newest = entries.len().saturating_sub(MOST);
    cookie::set(site, NAME, &entries[newest..].join("|"), None)
}

fn entries(request: &Request) -> Vec<String> {
    let value = cookie::value(request, NAME).unwrap_or_default();
    value.split('|').filter(|entry| is_entry(entry)).map(str::to_owned).collect()
}

/// Nothing else than this server writes goes back into a cookie.
fn is_entry(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(code, mac)| common::ids::ShareCode::parse(code).is_some() && tokens::is_hex(mac, 64))
}

fn entry(secret: &AuthSecret, link: &Link, password: &PasswordHash) -> String {
    let code = link.code.as_str();
    let mac = secret.mac("opened link", &[code.as_bytes(), password.as_str().as_bytes()]);
    format!("{code}:{}", tokens::hex(&mac))
}
