//! `/api/videos/{code}/captions`: what is said in a video, for its player and for whoever reads.

use common::{
    db::captions::{self, About},
    error::ApiError,
    http::{Answer, Method, StatusCode, empty, query},
    objects::disposition,
    text::file_name,
};
use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    },
};
use media::captions::Captions;

use crate::{app::App, viewing};

/// A shape in which captions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Vtt,
    Srt,
    Text,
    Json,
}

impl Format {
    fn parse(name: Option<&str>) -> Result<Self, ApiError> {
        match name {
            None | Some("vtt") => Ok(Self::Vtt),
            Some("srt") => Ok(Self::Srt),
            Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(_) => Err(ApiError::bad_request("format must be vtt, srt, text or json.")),
        }
    }

    /// Its type, and how files of it end.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Vtt => ("text/vtt; charset=utf-8", "vtt"),
            Self::Srt => ("application/x-subrip; charset=utf-8", "srt"),
            Self::Text => ("text/plain; charset=utf-8", "txt"),
            Self::Json => ("application/json", "json"),
        }
    }

    fn of(self, vtt: String) -> Result<String, ApiError> {
        if self == Self::Vtt {
            return Ok(vtt);
        }
        let captions = Captions::parse(vtt.as_bytes()).map_err(ApiError::internal)?;
        match self {
            Self::Srt => Ok(captions.srt()),
            Self::Json => serde_json::to_string(&captions.lines()).map_err(ApiError::internal),
            Self::Text | Self::Vtt => Ok(captions.text()),
        }
    }
}

/// Show the captions of a video
///
/// Whoever keeps them asks again by their ETag each time, since a video may be shut meanwhile.
#[utoipa::path(
    method(get, head),
    path = "/api/videos/{id}/captions",
    tag = "Captions",
    security(()),
    params(
        ("id" = String, Path, description = "The code of one of the video's links"),
        ("format" = Option<String>, Query, description = "vtt unless it is said", pattern = "^(vtt|srt|text|json)$"),
        ("download" = Option<String>, Query, description = "1 to save it as a file under the video's title"),
    ),
    responses(
        (status = 200, content(
            (String = "text/vtt"), (String = "application/x-subrip"), (String = "text/plain"), (Vec<Object> = "application/json"),
        )),
        (status = 304, description = "They are what they were"),
    ),
)]
pub(super) async fn show(app: &App, request: &Request, code: &str) -> Answer {
    let format = Format::parse(query(request, "format"))?;
    answer(app, request, code, format).await
}

/// The captions as `/api/playlist` gives them.
pub(super) async fn of_playlist(app: &App, request: &Request) -> Answer {
    let code = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    answer(app, request, code, Format::Vtt).await
}

async fn answer(app: &App, request: &Request, code: &str, format: Format) -> Answer {
    let none = || ApiError::not_found("This video has no captions.");
    let video = viewing::look(app, request, code).await??.video;
    let about = video.captions.as_ref().ok_or_else(none)?;
    if request.headers().get(IF_NONE_MATCH).is_some_and(|known| *known == tag(about, format)) {
        return kept(empty(StatusCode::NOT_MODIFIED), about, format);
    }
    let stored = captions::find(&mut app.db.connect().await?, &video.id).await?.ok_or_else(none)?;
    let body = if *request.method() == Method::HEAD { Body::Empty } else { Body::Text(format.of(stored.vtt)?) };
    let mut answer = kept(Response::new(body), &stored.about, format)?;
    let (kind, ending) = format.names();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LANGUAGE, header(stored.about.language.as_str())?);
    if query(request, "download").is_some() {
        let name = format!("{}.{}.{ending}", file_name(&video.name), stored.about.language.as_str());
        headers.insert(CONTENT_DISPOSITION, header(&disposition(&name))?);
    }
    Ok(answer)
}

fn tag(about: &About, format: Format) -> String {
    format!("\"{}-{}\"", about.version, format.names().1)
}

/// Only who asks may keep it, and asks before it is used.
fn kept(mut answer: Response<Body>, about: &About, format: Format) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(ETAG, header(&tag(about, format))?);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(answer)
}

fn header(value: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_str(value).map_err(ApiError::internal)
}
