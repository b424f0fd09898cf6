//! Fields of forms and of the JSON that may stand in their place, as openapi.json lists them. Handlers read them by name:
//! an empty field counts as none, which forms cannot leave out.
#![expect(dead_code, reason = "only what they are called is told")]

use utoipa::ToSchema;

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignInForm)]
pub(super) struct SignIn {
    /// Where the mail goes.
    #[schema(format = Email)]
    email: String,
    /// What `/api/auth/csrf` answered to this browser.
    csrf_token: String,
    /// Where to go afterwards, on this site.
    callback_url: Option<String>,
    /// `true` when JSON is to be answered to a form.
    json: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginForm)]
pub(super) struct Login {
    #[schema(format = Email)]
    email: String,
    /// The code, or what the link holds.
    token: String,
    /// What `/api/auth/csrf` answered to this browser.
    csrf_token: String,
    /// Where to go afterwards, on this site.
    callback_url: Option<String>,
    /// `true` when JSON is to be answered to a form.
    json: Option<String>,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SignOutForm)]
pub(super) struct SignOut {
    /// What `/api/auth/csrf` answered to this browser.
    csrf_token: Option<String>,
    /// Where to go afterwards, on this site.
    callback_url: Option<String>,
    /// `true` when JSON is to be answered to a form.
    json: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = DesktopSessionForm)]
pub(super) struct DesktopSession {
    /// `session` is meant when there is none.
    #[schema(pattern = "^(api_key|session)$")]
    r#type: Option<String>,
    /// The loopback port on which the app waits.
    #[schema(minimum = 1)]
    port: Option<u16>,
    /// `desktop` when the app is opened by its own scheme first.
    #[schema(pattern = "^(web|desktop)$")]
    platform: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = ConsentForm)]
pub(super) struct Consent {
    /// Always `cap-cli`.
    client_id: String,
    /// `http://127.0.0.1:{port}/callback`
    redirect_uri: String,
    /// Always `code`.
    response_type: String,
    state: String,
    /// SHA-256 of the verifier, in base64url.
    code_challenge: String,
    /// Always `S256`.
    code_challenge_method: String,
    /// Names with spaces between them; `caps:read` is one of them.
    scope: String,
    /// `allow`, or anything else.
    decision: Option<String>,
}

#[derive(ToSchema)]
pub(super) struct CodeRequest {
    /// Where the code goes.
    #[schema(format = Email)]
    email: String,
}

#[derive(ToSchema)]
pub(super) struct CodeLogin {
    #[schema(format = Email)]
    email: String,
    #[schema(pattern = "^[0-9]{6}$")]
    code: String,
}

#[derive(ToSchema)]
#[schema(as = KeyForm)]
pub(super) struct Key {
    /// One line, by which the key is known again.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}
