//! `POST /api/upload/signed`

use std::collections::BTreeMap;

use common::{
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};

use super::target;
use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignRequest {
    video_id: String,
    subpath: String,
    method: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Signed {
    presigned_put_data: Put,
}

#[derive(Serialize)]
struct Put {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    fields: BTreeMap<&'static str, &'static str>,
    headers: BTreeMap<&'static str, &'static str>,
}

/// Signs the upload of a whole file with one PUT.
pub(super) async fn sign(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: SignRequest = json(request)?;
    if asked.method.as_deref().is_some_and(|method| method != "put") {
        return Err(ApiError::bad_request("Only method \"put\" is served: uploads are one PUT to the signed address."));
    }
    let access = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?;
    let upload = target(&access.owned_or_forbidden()?.id, &asked.subpath)?;
    let url = app.objects.sign_put(&upload.key).await?;
    let headers = BTreeMap::from([("Content-Type", upload.content_type)]);
    let presigned_put_data = Put { kind: "put", url, fields: BTreeMap::new(), headers };
    json_response(StatusCode::OK, &Signed { presigned_put_data })
}
