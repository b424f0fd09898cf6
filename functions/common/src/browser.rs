//! A browser, known by a cookie of its own before anybody signs in with it.
//!
//! It says two things: that a form comes from a page of this site, and that a login is finished where it was begun.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use lambda_http::Request;
use sha2::{Digest, Sha256};

use crate::{
    config::SiteConfig,
    http::cookie,
    secret::{AuthSecret, Secret},
    tokens,
};

/// Hexadecimal digits of the cookie: 256 random bits.
const DIGITS: usize = 64;

/// A browser.
#[derive(Clone, Debug)]
pub struct Browser(Secret);

impl Browser {
    /// A browser that has not been here before.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(Secret::new(tokens::random_hex::<{ DIGITS / 2 }>()?)))
    }

    /// The browser that sends a request, if it has been here before.
    #[must_use]
    pub fn of(site: &SiteConfig, request: &Request) -> Option<Self> {
        let value = cookie::value(request, cookie_name(site.is_https()))?;
        tokens::is_hex(&value, DIGITS).then(|| Self(Secret::new(value)))
    }

    /// What forms carry to prove that they come from a page that this browser was shown. It can be used again and again, and
    /// it does not tell the cookie.
    #[must_use]
    pub fn csrf_token(&self, secret: &AuthSecret) -> String {
        tokens::hex(&secret.mac("csrf", &[self.0.expose().as_bytes()]))
    }

    /// True when `token` is this browser's.
    #[must_use]
    pub fn owns(&self, secret: &AuthSecret, token: &str) -> bool {
        verify_slices_are_equal(self.csrf_token(secret).as_bytes(), token.as_bytes()).is_ok()
    }

    /// What the database keeps of the browser with a login that it asked for.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose()).into()
    }

    /// The cookie, good until the browser is closed.
    #[must_use]
    pub fn cookie(&self, site: &SiteConfig) -> String {
        cookie::set(site, cookie_name(site.is_https()), self.0.expose(), None)
    }
}

/// NextAuth's names. With the prefix, browsers take the cookie from this very host only, so that no neighbouring
/// subdomain can put one in its place.
fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-next-auth.csrf-token" } else { "next-auth.csrf-token" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_browser() {
        let secret = AuthSecret::new(b"secret");
        let (browser, other) = (Browser::random().expect("random"), Browser::random().expect("random"));
        let token = browser.csrf_token(&secret);
        assert!(browser.owns(&secret, &token) && !other.owns(&secret, &token));
        assert!(!browser.owns(&secret, "") && !browser.owns(&AuthSecret::new(b"another"), &token));
        assert_ne!(token, browser.0.expose());
    }
}
