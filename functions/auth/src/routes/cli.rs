//! `/cli/authorize`: the `cap` command signs in through the browser (OAuth 2.1 with PKCE, RFC 8252 for the loopback address).
//!
//! As with Cap Desktop, a page names the program, and only its button makes a code. What comes back to the loopback address
//! is worth nothing without the verifier, which the command alone has.

use askama::Template;
use common::{
    agent::{self, AgentCode, Challenge, Scope, Scopes},
    db::agent_codes::{self, Grant},
    error::ApiError,
    http::{Answer, Fields, StatusCode, fields, query, redirect},
    identity,
    visitor::{Beside, Visitor, login_address, signed_in},
};
use lambda_http::Request;

use super::forms;
use crate::{
    app::App,
    limits,
    pages::{self, AgentPage, AgentProblemPage},
};

/// The one program that asks.
const CLIENT: &str = "cap-cli";

/// What the command asks for, and where it waits.
#[derive(Clone, Debug)]
struct Wanted {
    port: u16,
    state: String,
    challenge: Challenge,
    scopes: Scopes,
}

impl Wanted {
    /// Reads the parameters of RFC 6749 §4.1.1 and RFC 7636 §4.3.
    fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, ApiError> {
        let wrong = |what: &str| ApiError::bad_request(format!("{what} Start again with cap auth login."));
        for (name, value) in [("client_id", CLIENT), ("response_type", "code"), ("code_challenge_method", "S256")] {
            if get(name) != Some(value) {
                return Err(wrong(&format!("{name} must be {value}.")));
            }
        }
        let port = get("redirect_uri").and_then(loopback_port);
        let port = port.ok_or_else(|| wrong("redirect_uri must be http://127.0.0.1:{port}/callback."))?;
        let state = get("state").filter(|state| agent::is_unreserved(state, 128));
        let state = state.ok_or_else(|| wrong("state must be 43 to 128 letters, digits and -._~."))?;
        let challenge = get("code_challenge").and_then(Challenge::parse);
        let challenge = challenge.ok_or_else(|| wrong("code_challenge must be 43 characters of base64url."))?;
        let scopes = Scopes::parse(get("scope").unwrap_or_default());
        if !scopes.has(Scope::Read) {
            return Err(wrong("scope must contain caps:read."));
        }
        Ok(Self { port, state: state.to_owned(), challenge, scopes })
    }

    /// The same as a query or as a form's fields.
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", CLIENT.to_owned()),
            ("redirect_uri", format!("{}/callback", self.loopback())),
            ("response_type", "code".to_owned()),
            ("state", self.state.clone()),
            ("code_challenge", self.challenge.as_str().to_owned()),
            ("code_challenge_method", "S256".to_owned()),
            ("scope", self.scopes.to_string()),
        ]
    }

    /// Where the command listens on this machine.
    fn loopback(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer, by way of the browser.
    fn answer(&self, name: &str, value: &str) -> Answer {
        let query = serde_urlencoded::to_string([("state", self.state.as_str()), (name, value)]);
        redirect(&format!("{}/callback?{}", self.loopback(), query.map_err(ApiError::internal)?))
    }
}

/// The port of the only kind of address that a code is sent to.
pub(super) fn loopback_port(redirect_uri: &str) -> Option<u16> {
    let port = redirect_uri.strip_prefix("http://127.0.0.1:")?.strip_suffix("/callback")?;
    // A number as a program writes it: no sign, no zeros in front.
    port.parse::<u16>().ok().filter(|number| *number > 0 && number.to_string() == port)
}

/// Ask whether the cap command may sign in
///
/// The person may have to sign in first. What does not fit is told here and never sent on: an address that was not checked
/// gets nothing.
#[utoipa::path(
    get,
    path = "/cli/authorize",
    tag = "Login",
    security(("session" = []), ()),
    params(
        ("client_id" = Option<String>, Query, description = "Always cap-cli"),
        ("redirect_uri" = Option<String>, Query, description = "http://127.0.0.1:{port}/callback"),
        ("response_type" = Option<String>, Query, description = "Always code"),
        ("state" = Option<String>, Query, description = "43 to 128 characters"),
        ("code_challenge" = Option<String>, Query, description = "SHA-256 of the verifier, in base64url"),
        ("code_challenge_method" = Option<String>, Query, description = "Always S256"),
        ("scope" = Option<String>, Query, description = "Names with spaces between them; caps:read is one of them"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "To the login"),
        (status = 400, description = "It does not fit", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn ask(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    let wanted = match Wanted::read(|name| query(request, name)) {
        Ok(wanted) => wanted,
        Err(error) => {
            let problem = &error.message;
            return pages::show(&visitor, error.status, |nonce| AgentProblemPage { nonce, problem }.render());
        }
    };
    let fields = wanted.fields();
    let Some((session, _)) = signed_in(&app.db, request).await? else {
        let query = serde_urlencoded::to_string(&fields).map_err(ApiError::internal)?;
        return redirect(&login_address(&visitor.origin, &format!("/cli/authorize?{query}"))?);
    };
    let rights: Vec<_> = wanted.scopes.iter().map(in_words).collect();
    let (csrf_token, email) = (&visitor.csrf_token, &session.email);
    // Browsers hold a form to its policy where it is redirected, too.
    let beside = Beside { forms: &wanted.loopback(), ..Beside::default() };
    visitor.show(StatusCode::OK, beside, |nonce| {
        AgentPage { nonce, csrf_token, email, fields: &fields, rights: &rights }.render()
    })
}

fn in_words(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => words::command().may_read,
        Scope::Comment => words::command().may_comment,
        Scope::Write => words::command().may_write,
    }
}

/// Let the cap command sign in, or not
///
/// The person has decided: a code, or that there is none, goes to the command on this machine.
#[utoipa::path(
    post,
    path = "/cli/authorize",
    tag = "Login",
    security(("session" = [])),
    request_body(content((forms::Consent = "application/json"), (forms::Consent = "application/x-www-form-urlencoded"))),
    responses((status = 302, description = "To the command")),
)]
pub(super) async fn decide(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let fields: Fields = fields(request)?;
    let mut db = app.db.connect().await?;
    let user = identity::signed_in(&mut db, &credential).await?;
    let wanted = Wanted::read(|name| fields.get(name))?;
    if fields.get("decision") != Some("allow") {
        return wanted.answer("error", "access_denied");
    }
    app.limits.spend(limits::KEYS_OF_USER, user.as_str()).await?;
    let code = AgentCode::random()?;
    let grant = Grant { user: &user, challenge: &wanted.challenge, port: wanted.port, scopes: wanted.scopes };
    if !agent_codes::keep(&mut db, &code, &grant).await? {
        return Err(ApiError::unauthenticated());
    }
    wanted.answer("code", code.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_to_this_machine_and_nowhere_else() {
        assert_eq!(loopback_port("http://127.0.0.1:53124/callback"), Some(53124));
        for other in [
            "https://127.0.0.1:53124/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:053124/callback",
            "http://127.0.0.1:+80/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:53124/callback/",
            "http://127.0.0.1:53124/callback?x=1",
            "http://127.0.0.1:53124/other",
            "http://127.0.0.1:80@evil.test/callback",
            "http://127.0.0.1.evil.test:80/callback",
            "http://localhost:53124/callback",
            "http://[::1]:53124/callback",
            "http://127.0.0.2:53124/callback",
            " http://127.0.0.1:53124/callback",
            "HTTP://127.0.0.1:53124/callback",
            "",
        ] {
            assert_eq!(loopback_port(other), None, "{other}");
        }
    }
}
