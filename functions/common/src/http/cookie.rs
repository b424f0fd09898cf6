//! Cookies, whose attributes follow the site's address: on TLS they are `Secure`, on loopback they work without.

use lambda_http::{Request, http::header::COOKIE};

use crate::{config::SiteConfig, ids::SessionToken};

/// NextAuth's name for the session, as Cap's clients know it on https too.
const SESSION: &str = "next-auth.session-token";
/// Seconds that a session's cookie lasts: 30 days.
const SESSION_SECONDS: u32 = 30 * 24 * 3600;

/// The value of a cookie. When there are several of the name and they differ, none: a neighbouring subdomain can put its own
/// in front of the site's, but not in its place.
#[must_use]
pub fn value(request: &Request, name: &str) -> Option<String> {
    let lines = request.headers().get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let first = values.next()?;
    values.all(|other| other == first).then(|| first.to_owned())
}

/// A `Set-Cookie` for the whole site, out of reach of scripts. `value` must be of characters that cookies may have.
#[must_use]
pub fn set(site: &SiteConfig, name: &str, value: &str, seconds: Option<u32>) -> String {
    let lasts = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if site.is_https() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{lasts}{secure}")
}

/// The session that a request carries.
#[must_use]
pub fn session(request: &Request) -> Option<SessionToken> {
    value(request, SESSION).as_deref().and_then(SessionToken::parse)
}

/// The cookie of a session.
#[must_use]
pub fn set_session(site: &SiteConfig, token: &SessionToken) -> String {
    set(site, SESSION, token.expose(), Some(SESSION_SECONDS))
}

/// Takes the session's cookie away.
#[must_use]
pub fn clear_session(site: &SiteConfig) -> String {
    set(site, SESSION, "", Some(0))
}

#[cfg(test)]
mod tests {
    use lambda_http::http::Request as HttpRequest;

    use super::*;
    use crate::secret::AuthSecret;

    #[test]
    fn a_cookie_is_found_among_others() {
        let request = HttpRequest::builder().header(COOKIE, "a=1; b=2=3;c=").header(COOKIE, "d=4; a=1; f=1; f=2");
        let request: Request = request.body(lambda_http::Body::Empty).expect("a request");
        let found = |name| value(&request, name);
        assert_eq!(found("a").as_deref(), Some("1"));
        assert_eq!(found("b").as_deref(), Some("2=3"));
        assert_eq!((found("c").as_deref(), found("d").as_deref(), found("e")), (Some(""), Some("4"), None));
        assert_eq!(found("f"), None, "which of two is the site's own, nothing says");
    }

    #[test]
    fn cookies_are_secure_wherever_the_site_is() {
        let cookie = |web_url: Option<&str>| {
            let site =
                SiteConfig { web_url: web_url.map(str::to_owned), secret: AuthSecret::new(b""), operators: Vec::new() };
            set(&site, "a", "b", Some(60))
        };
        assert_eq!(cookie(Some("http://127.0.0.1:3000")), "a=b; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        assert!(cookie(Some("https://cap.example.com")).ends_with("; Secure"));
        assert!(cookie(None).ends_with("; Secure"));
    }
}
