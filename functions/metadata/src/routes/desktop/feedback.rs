//! What people and the app itself have to say to whoever runs the server. It goes to the function's log, where whoever runs
//! it looks; without what signs somebody in.

use common::{
    error::ApiError,
    http::{Answer, Fields, StatusCode, cookie, fields, form_data, json_response, source},
    identity,
    limits::Limit,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    routes::{scrub::scrubbed, settings::forms},
};

/// Messages of one person.
const FEEDBACK_OF_USER: Limit = Limit { name: "feedback-of", most: 20, seconds: 3600 };
/// Logs from one address: whoever sends them is not asked who they are.
const LOGS_FROM_SOURCE: Limit = Limit { name: "logs-from", most: 30, seconds: 3600 };
/// Characters of what people write.
const FEEDBACK_CHARACTERS: usize = 4000;
/// Characters of a log's end, which is where it says what went wrong. CloudWatch takes events of 256 KB.
const LOG_CHARACTERS: usize = 30_000;
/// Characters of what describes the machine.
const DIAGNOSTICS_CHARACTERS: usize = 8000;
/// Characters of a name or a version.
const WORD_CHARACTERS: usize = 64;

#[derive(Serialize, ToSchema)]
struct Taken {
    success: bool,
    message: &'static str,
}

/// Say something to whoever runs the server
#[utoipa::path(
    post,
    path = "/api/desktop/feedback",
    tag = "Cap Desktop",
    request_body(content((forms::Feedback = "application/json"), (forms::Feedback = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Taken)),
)]
pub(super) async fn feedback(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let text = form.required("feedback")?.trim();
    if text.is_empty() {
        return Err(ApiError::bad_request("feedback is empty. Write what you want to say."));
    }
    let caller = identity::caller(&mut app.db.connect().await?, &credential).await?;
    app.limits.spend(FEEDBACK_OF_USER, caller.as_str()).await?;
    let feedback = scrubbed(&beginning(text, FEEDBACK_CHARACTERS));
    let (os, version) = (word(&form, "os"), word(&form, "version"));
    tracing::info!(user = %caller, os, version, feedback, "feedback");
    json_response(StatusCode::OK, &Taken { success: true, message: "Thank you. Whoever runs this server reads it." })
}

/// Send the app's log to whoever runs the server
#[utoipa::path(
    post,
    path = "/api/desktop/logs",
    tag = "Cap Desktop",
    security(()),
    request_body(content = forms::Log, content_type = "multipart/form-data"),
    responses((status = 200, body = Taken)),
)]
pub(super) async fn logs(app: &App, request: &Request) -> Answer {
    // The app sends no cookie. A browser that does is made to by a page, which must be one of this site.
    if cookie::session(request).is_some() && !identity::is_own(&app.site, request) {
        return Err(ApiError::forbidden("Logs are sent by the app, and not by a page of another site."));
    }
    let form = form_data(request)?;
    let log = form.required("log")?;
    app.limits.spend(LOGS_FROM_SOURCE, &source(request)).await?;
    let log = scrubbed(end(log, LOG_CHARACTERS));
    let diagnostics = scrubbed(&beginning(form.get("diagnostics").unwrap_or_default(), DIAGNOSTICS_CHARACTERS));
    let (os, version) = (word(&form, "os"), word(&form, "version"));
    tracing::info!(os, version, diagnostics, log, "log of the desktop");
    json_response(StatusCode::OK, &Taken { success: true, message: "The log was taken." })
}

fn word(form: &Fields, name: &str) -> String {
    scrubbed(&beginning(form.get(name).unwrap_or_default(), WORD_CHARACTERS))
}

fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn end(text: &str, most: usize) -> &str {
    let start = most.checked_sub(1).and_then(|before| text.char_indices().nth_back(before)).map_or(0, |(at, _)| at);
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_the_end_is_kept() {
        assert_eq!(end("äbcö", 2), "cö");
        assert_eq!((end("ab", 2), end("ab", 9), end("", 3)), ("ab", "ab", ""));
    }
}
