//! Fields of forms and of the JSON that may stand in their place, as openapi.json lists them. Handlers read them by name:
//! an empty field counts as none, which forms cannot leave out.
#![expect(dead_code, reason = "only what they are called is told")]

use utoipa::ToSchema;

#[derive(ToSchema)]
#[schema(as = ConfirmationForm)]
pub(in crate::routes) struct Confirmation {
    /// The account's own address.
    #[schema(format = Email)]
    email: String,
}

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NameForm)]
pub(in crate::routes) struct Name {
    /// One line; an empty one is no name.
    #[schema(max_length = 100)]
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = FeedbackForm)]
pub(in crate::routes) struct Feedback {
    #[schema(min_length = 1)]
    feedback: String,
    /// `macos`, `windows` or `linux`.
    os: Option<String>,
    version: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = LogForm)]
pub(in crate::routes) struct Log {
    log: String,
    os: Option<String>,
    version: Option<String>,
    /// What the machine is like, as JSON.
    diagnostics: Option<String>,
}
