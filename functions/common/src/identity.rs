//! Who asks.
//!
//! The desktop and the CLI send `Authorization: Bearer` with an API key of exactly 36 characters. The scheme word is not
//! checked, as the clients' own server does not; a bearer of another length is not a key, and then the browser's
//! session counts. The agent API (`/api/v1`) also takes the tokens of `cap auth login`, which end and are for some of what
//! their owner may do. A browser sends its cookie with whatever page makes it ask, so what changes something needs
//! proof that one of this site's own pages does.

use lambda_http::{
    Request, RequestExt,
    http::header::{AUTHORIZATION, ORIGIN},
};

use crate::{
    agent::{AgentToken, Scope},
    browser::Browser,
    config::SiteConfig,
    db::{Connection, callers, videos},
    error::ApiError,
    http::{cookie, fields, gateway_host, is_form},
    ids::{ApiKey, SessionToken, UserId, VideoId},
    telemetry, tokens,
};

/// Hexadecimal digits of a hash that are an id in lists, as the tables derive it.
const LISTED_CHARACTERS: usize = 15;

/// What a request is made with.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key.
    Key(ApiKey),
    /// A token of the `cap` command.
    Agent {
        /// The token.
        token: AgentToken,
        /// What it must allow.
        needs: Scope,
    },
    /// A browser's session.
    Session {
        /// Its token.
        token: SessionToken,
        /// True when the request changes nothing, or was made by a page of this site.
        proven: bool,
    },
}

impl Credential {
    /// The same for a route that needs another scope than its method tells.
    #[must_use]
    pub fn needing(self, needs: Scope) -> Self {
        match self {
            Self::Agent { token, .. } => Self::Agent { token, needs },
            other => other,
        }
    }

    /// What the database keeps of it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        match self {
            Self::Key(key) => key.hash(),
            Self::Agent { token, .. } => token.hash(),
            Self::Session { token, .. } => token.hash(),
        }
    }

    /// What lists call it: the id of a key, a token or a session follows from its hash.
    #[must_use]
    pub fn listed_as(&self) -> String {
        tokens::hex(&self.hash()).chars().take(LISTED_CHARACTERS).collect()
    }

    /// 428 when a program asks for what cannot be undone and does not say that its person has confirmed it. What people do
    /// in a browser they see, and keys are older than this header.
    pub fn confirmed(&self, request: &Request) -> Result<(), ApiError> {
        let said = request.headers().get("x-cap-confirmation").is_some_and(|value| value == "user");
        if matches!(self, Self::Agent { .. }) && !said { Err(ApiError::approval_required()) } else { Ok(()) }
    }
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
/// A token must allow to read.
pub fn reading(request: &Request) -> Result<Credential, ApiError> {
    let bearer = bearer(request);
    if is_agent_api(request)
        && let Some(token) = bearer.and_then(AgentToken::parse)
    {
        return Ok(Credential::Agent { token, needs: Scope::Read });
    }
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

/// As [`reading`], for a request that changes something, whatever its method. A token must allow to write.
pub fn writing(site: &SiteConfig, request: &Request) -> Result<Credential, ApiError> {
    Ok(match reading(request)? {
        Credential::Session { token, .. } => {
            let proven = bearer(request).is_some_and(|bearer| bearer == token.expose()) || is_own(site, request);
            Credential::Session { token, proven }
        }
        other => other.needing(Scope::Write),
    })
}

/// True on the routes that take tokens of the `cap` command.
fn is_agent_api(request: &Request) -> bool {
    request.raw_http_path().starts_with("/api/v1/")
}

/// 403 when a browser says that a page elsewhere makes the request: for what programs do without having an identity yet.
pub fn of_program(site: &SiteConfig, request: &Request) -> Result<(), ApiError> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let elsewhere = header(ORIGIN.as_str()).is_some_and(|origin| origin != site.origin(&gateway_host(request)))
        || matches!(header("sec-fetch-site"), Some("cross-site" | "same-site"));
    if elsewhere {
        Err(ApiError::forbidden("This is for programs. A page of another site cannot do it."))
    } else {
        Ok(())
    }
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

/// Who asks: 401 when nobody has that key or session, 403 when a browser was made to ask by a page of somebody else's, or
/// when a token does not allow it.
pub async fn caller(db: &mut Connection, credential: &Credential) -> Result<UserId, ApiError> {
    Ok(holder(db, credential).await?.user)
}

/// As [`caller`], with what is known of the key or token.
pub async fn holder(db: &mut Connection, credential: &Credential) -> Result<callers::Caller, ApiError> {
    let caller = callers::find(db, credential).await?.ok_or_else(ApiError::unauthenticated)?;
    vouch(db, credential, &caller).await?;
    Ok(caller)
}

/// As [`caller`], for what only somebody who is signed in may do, and no program with their key or a session of its own.
pub async fn signed_in(db: &mut Connection, credential: &Credential) -> Result<UserId, ApiError> {
    let holder = holder(db, credential).await?;
    if holder.program {
        return Err(ApiError::forbidden("A program cannot do this. Sign in with a browser and do it in the settings."));
    }
    Ok(holder.user)
}

/// Who asks, and the video with the id `text`, in one round trip.
pub async fn access(db: &mut Connection, credential: &Credential, text: &str) -> Result<Access, ApiError> {
    let Some(id) = VideoId::parse(text) else {
        return Ok(Access { caller: caller(db, credential).await?, video: None });
    };
    let found = videos::find_with_caller(db, credential, &id).await?;
    let (caller, video) = found.ok_or_else(ApiError::unauthenticated)?;
    vouch(db, credential, &caller).await?;
    if let Some(video) = &video {
        telemetry::video(&video.id);
    }
    Ok(Access { caller: caller.user, video })
}

/// Lets in whoever may do what they ask for. Once a day the key's or session's last use is written down.
async fn vouch(db: &mut Connection, credential: &Credential, caller: &callers::Caller) -> Result<(), ApiError> {
    telemetry::user(&caller.user);
    if caller.expired {
        return Err(ApiError::token_expired());
    }
    if let Credential::Agent { needs, .. } = credential
        && !caller.scopes.has(*needs)
    {
        let needs = needs.name();
        return Err(ApiError::forbidden(format!(
            "This token does not allow {needs}. Sign in again with cap auth login and allow it."
        )));
    }
    if matches!(credential, Credential::Session { proven: false, .. }) {
        return Err(ApiError::forbidden(
            "This request changes something, and nothing shows that a page of this site makes it. Reload the page and try \
             again; programs send the header x-csrf-token, or an API key.",
        ));
    }
    if caller.stale {
        callers::used(db, credential).await?;
    }
    Ok(())
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
        SiteConfig {
            web_url: Some("https://cap.example.com".to_owned()),
            secret: AuthSecret::new(b"secret"),
            operators: Vec::new(),
        }
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
    fn tokens_of_the_command_count_on_the_agent_api_alone() {
        let token = format!("Bearer cap_cli_{}", "a".repeat(43));
        let at = |path: &str| {
            let request = HttpRequest::post(path).header("authorization", &token).body(Body::Empty).expect("a request");
            let path = path.to_owned();
            (reading(&request.with_raw_http_path(&path)), path)
        };
        let (found, _) = at("/api/v1/caps");
        assert!(matches!(found, Ok(Credential::Agent { needs: Scope::Read, .. })));
        for other in ["/api/upload/signed", "/api/v1x/caps", "/api/settings/keys", "/x/api/v1/caps"] {
            assert!(at(other).0.is_err(), "{other}");
        }
        let key = Credential::Key(ApiKey::parse(KEY).expect("a key"));
        assert!(matches!(key.needing(Scope::Write), Credential::Key(_)));
    }

    #[test]
    fn pages_elsewhere_are_no_programs() {
        let of = |headers: &[(&str, &str)]| of_program(&site(), &request(headers)).is_ok();
        assert!(of(&[]) && of(&[("origin", "https://cap.example.com")]) && of(&[("sec-fetch-site", "none")]));
        assert!(!of(&[("origin", "https://evil.test")]) && !of(&[("origin", "null")]));
        assert!(!of(&[("sec-fetch-site", "cross-site")]) && !of(&[("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn keys_need_no_proof() {
        let key = request(&[("authorization", &format!("Bearer {KEY}"))]);
        assert!(matches!(writing(&site(), &key), Ok(Credential::Key(_))));
    }
}
