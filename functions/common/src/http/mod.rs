//! How a function answers HTTP: read the request, answer with JSON, tell errors in the shape the route's clients know, and
//! end with a line that says how it went.

pub mod cookie;
mod edge;
mod multipart;
mod page;
mod request;
mod response;

use std::{future::Future, sync::Arc};

use lambda_http::{Body, Error, Request, RequestExt, Response, service_fn};

pub use lambda_http::http::{Method, StatusCode};
pub use multipart::{form_data, form_files, is_form_data};
pub use page::{Policy, nonce, origin_of, secured};
pub use request::{
    Fields, bytes, fields, gateway_host, idempotency_key, is_form, json, path_segments, query, request_id, route,
    source, user_agent,
};
pub use response::{
    AgentRefusal, MessageRefusal, Refusal, Shape, agent_json, binary, empty, html, json as json_response, redirect,
    see_other, text, with_cookie,
};

use crate::{
    config::{EdgeConfig, SiteConfig},
    error::ApiError,
    telemetry::{self, Metric},
};

/// An answer or a refusal.
pub type Answer = Result<Response<Body>, ApiError>;

/// Runs a function: every request goes to `answer`, every refusal becomes a response, and every response says what a
/// browser may do with it.
pub async fn serve<A, F, R>(app: A, answer: R) -> Result<(), Error>
where
    R: Fn(Arc<A>, Request) -> F + Sync,
    F: Future<Output = Answer> + Send,
    A: AsRef<SiteConfig> + Send + Sync,
{
    let (app, answer, edge) = (&Arc::new(app), &answer, &EdgeConfig::from_env());
    lambda_http::run(service_fn(move |request: Request| async move {
        if let Some(context) = request.lambda_context_ref() {
            telemetry::begin(context);
        }
        let request = edge::arrived(request, edge.secret.as_ref());
        let shape = Shape::of(request.uri().path());
        let (request_id, route) = (request_id(&request), route(&request));
        let site: &SiteConfig = (**app).as_ref();
        // A page is not told in JSON that its session is over.
        let login = is_form(&request).then(|| format!("{}/login", site.origin(&gateway_host(&request))));
        let mut response = match answer(Arc::clone(app), request).await {
            Ok(response) => response,
            Err(error) => match login.filter(|_| error.status == StatusCode::UNAUTHORIZED) {
                Some(login) => see_other(&login).unwrap_or_else(|error| refuse(&error, shape, &request_id)),
                None => refuse(&error, shape, &request_id),
            },
        };
        page::harden(&mut response, site);
        answered(&route, response.status());
        Ok::<_, Error>(response)
    }))
    .await
}

fn refuse(error: &ApiError, shape: Shape, request_id: &str) -> Response<Body> {
    if error.status.is_server_error() {
        let cause = error.cause.as_ref().map(ToString::to_string).unwrap_or_default();
        tracing::error!(code = error.code, cause, "request failed");
    }
    response::error(error, shape, request_id)
}

/// The line at a request's end. The path is not in it, since paths hold codes of links, and queries hold signatures.
fn answered(route: &str, status: StatusCode) {
    if status.is_client_error() {
        telemetry::count(Metric::ClientErrors, 1);
    } else if status.is_server_error() {
        telemetry::count(Metric::ServerErrors, 1);
    }
    tracing::info!(target: telemetry::END, route, status = status.as_u16(), "request");
}

/// The answer for a path that API Gateway sends here and no route takes.
pub fn no_route() -> Answer {
    Err(ApiError::not_found("Not Found"))
}
