//! Who asks.
//!
//! The desktop and the CLI send `Authorization: Bearer` with an API key of exactly 36 characters. The scheme word is not
//! checked, as the clients' own server does not; a bearer of another length is not a key, and then the browser's
//! session counts. A browser sends its cookie with whatever page makes it ask, so what changes something needs
//! proof that one of this site's own pages does.

use lambda_http::{
    Request,
    http::header::{AUTHORIZATION, ORIGIN},
};

use crate::{
    browser::Browser,
    config::SiteConfig,
    db::{Connection, callers, videos},
    error::ApiError,
    http::{cookie, fields, gateway_host, is_form},
    ids::{ApiKey, SessionToken, UserId, VideoId},
};

/// What a request is made with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key.
    Key(ApiKey),
    /// A browser's session.
    Session {
        /// Its token.
        token: SessionToken,
        /// True when the request changes nothing, or was made by a page of this site.
        proven: bool,
    },
}

/// The caller, and the video they name.
#[derive(Debug)]
pub struct Access {
    /// Who asks.
    pub caller: UserId,
    /// The video, whoever owns it; `None` when there is no such video.
    pub video: Option<videos::Video>,
}

impl Access {
    /// The video, if the caller owns it; 403 for somebody else's where the contract wants it told from a missing one.
    pub fn owned_or_forbidden(self) -> Result<videos::Video, ApiError> {
        let video = self.video.ok_or_else(ApiError::video_not_found)?;
        if video.owner == self.caller { Ok(video) } else { Err(ApiError::forbidden("Forbidden")) }
    }

    /// The video, if the caller owns it; otherwise the same 404 as for one that does not exist.
    pub fn owned(self) -> Result<videos::Video, ApiError> {
        let caller = self.caller;
        self.video.filter(|video| video.owner == caller).ok_or_else(ApiError::video_not_found)
    }
}

/// What a request that changes nothing is made with; 401 when there is neither key nor session, before anything is spent on it.
pub fn reading(request: &Request) -> Result<Credential, ApiError> {
    let bearer = bearer(request);
    if let Some(key) = bearer.and_then(ApiKey::parse) {
        return Ok(Credential::Key(key));
    }
    // What the desktop is given when it asks for a session. Nobody's page can make a browser send it.
    if let Some(token) = bearer.and_then(SessionToken::parse) {
        return Ok(Credential::Session { token, proven: true });
    }
    let token = cookie::session(request).ok_or_else(ApiError::unauthenticated)?;
    Ok(Credential::Session { token, proven: true })
}

/// As [`reading`], for a request that changes something, whatever its method.
pub fn writing(site: &SiteConfig, request: &Request) -> Result<Credential, ApiError> {
    Ok(match reading(request)? {
        Credential::Session { token, .. } => {
            let proven = bearer(request).is_some_and(|bearer| bearer == token.expose()) || is_own(site, request);
            Credential::Session { token, proven }
        }
        key @ Credential::Key(_) => key,
    })
}

fn bearer(request: &Request) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.split(' ').nth(1)
}

/// True when a page of this site makes the request. Browsers say where a request comes from and let no page change that;
/// where they do not, the page shows a token that only this site's pages can know.
#[must_use]
pub fn is_own(site: &SiteConfig, request: &Request) -> bool {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    header(ORIGIN.as_str()) == Some(&site.origin(&gateway_host(request)))
        // A page that is opened may have been led to by a login, which goes on to wherever its link said.
        || (header("sec-fetch-site") == Some("same-origin") && header("sec-fetch-mode") != Some("navigate"))
        || header("x-csrf-token").is_some_and(|token| owns(site, request, token))
        || (is_form(request)
            && fields(request).is_ok_and(|form| form.get("csrfToken").is_some_and(|token| owns(site, request, token))))
}

/// True when `token` was given to the browser that sends the request.
#[must_use]
pub fn owns(site: &SiteConfig, request: &Request, token: &str) -> bool {
    Browser::of(site, request).is_some_and(|browser| browser.owns(&site.secret, token))
}

/// Who asks: 401 when nobody has that key or session, 403 when a browser was made to ask by a page of somebody else's.
pub async fn caller(db: &mut Connection, credential: &Credential) -> Result<UserId, ApiError> {
    let caller = callers::find(db, credential).await?.ok_or_else(ApiError::unauthenticated)?;
    vouch(db, credential, caller).await
}

/// As [`caller`], for what only somebody who is signed in may do, and no program with their key.
pub async fn signed_in(db: &mut Connection, credential: &Credential) -> Result<UserId, ApiError> {
    let caller = caller(db, credential).await?;
    match credential {
        Credential::Session { .. } => Ok(caller),
        Credential::Key(_) => {
            Err(ApiError::forbidden("An API key cannot do this. Sign in with a browser and do it in the settings."))
        }
    }
}

/// Who asks, and the video with the id `text`, in one round trip.
pub async fn access(db: &mut Connection, credential: &Credential, text: &str) -> Result<Access, ApiError> {
    let Some(id) = VideoId::parse(text) else {
        return Ok(Access { caller: caller(db, credential).await?, video: None });
    };
    let found = videos::find_with_caller(db, credential, &id).await?;
    let (caller, video) = found.ok_or_else(ApiError::unauthenticated)?;
    Ok(Access { caller: vouch(db, credential, caller).await?, video })
}

/// Once a day the key's or session's last use is written down.
async fn vouch(db: &mut Connection, credential: &Credential, caller: callers::Caller) -> Result<UserId, ApiError> {
    if matches!(credential, Credential::Session { proven: false, .. }) {
        return Err(ApiError::forbidden(
            "This request changes something, and nothing shows that a page of this site makes it. Reload the page and try \
             again; programs send the header x-csrf-token, or an API key.",
        ));
    }
    if caller.stale {
        callers::used(db, credential).await?;
    }
    Ok(caller.user)
}

#[cfg(test)]
mod tests {
    use lambda_http::{
        Body,
        http::{Request as HttpRequest, header::COOKIE},
    };

    use super::*;
    use crate::secret::AuthSecret;

    const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    const KEY: &str = "00000000-0000-4000-8000-000000000000";

    fn site() -> SiteConfig {
        SiteConfig { web_url: Some("https://cap.example.com".to_owned()), secret: AuthSecret::new(b"secret") }
    }

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = HttpRequest::post("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::Empty).expect("a request")
    }

    fn proven(headers: &[(&str, &str)]) -> bool {
        let session = format!("next-auth.session-token={TOKEN}");
        let headers = [headers, &[(COOKIE.as_str(), session.as_str())]].concat();
        matches!(writing(&site(), &request(&headers)), Ok(Credential::Session { proven: true, .. }))
    }

    #[test]
    fn a_key_counts_before_a_session_and_only_at_its_length() {
        let cookie = format!("next-auth.session-token={TOKEN}");
        let with = |bearer: &str| reading(&request(&[("authorization", bearer), ("cookie", &cookie)]));
        assert!(matches!(with(&format!("Bearer {KEY}")), Ok(Credential::Key(_))));
        assert!(matches!(with("Bearer short"), Ok(Credential::Session { .. })));
        assert!(matches!(with(KEY), Ok(Credential::Session { .. })));
        for garbage in ["", "x", &TOKEN[1..], &TOKEN.to_uppercase()] {
            let cookie = format!("next-auth.session-token={garbage}");
            reading(&request(&[("cookie", &cookie)])).expect_err(garbage);
        }
    }

    #[test]
    fn a_write_by_cookie_is_proven_by_the_sites_own_origin_or_token() {
        assert!(!proven(&[]));
        assert!(proven(&[("origin", "https://cap.example.com")]));
        assert!(proven(&[("sec-fetch-site", "same-origin")]));
        for other in ["https://cap.example.com.evil.test", "http://cap.example.com", "null", "https://cap.example.com/"]
        {
            assert!(!proven(&[("origin", other)]), "{other}");
        }
        assert!(!proven(&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "navigate")]), "led there by a login");
        assert!(proven(&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
        for other in ["same-site", "cross-site", "none"] {
            assert!(!proven(&[("sec-fetch-site", other)]), "{other}");
        }
        let cookie = format!("__Host-next-auth.csrf-token={TOKEN}");
        let browser = Browser::of(&site(), &request(&[("cookie", &cookie)])).expect("a browser");
        let token = browser.csrf_token(&site().secret);
        assert!(proven(&[("cookie", &cookie), ("x-csrf-token", &token)]));
        assert!(!proven(&[("x-csrf-token", &token)]), "in another browser");
        assert!(!proven(&[("cookie", &cookie), ("x-csrf-token", TOKEN)]));
    }

    #[test]
    fn keys_need_no_proof() {
        let key = request(&[("authorization", &format!("Bearer {KEY}"))]);
        assert!(matches!(writing(&site(), &key), Ok(Credential::Key(_))));
    }
}
