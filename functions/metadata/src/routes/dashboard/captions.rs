//! `/dashboard/caps/{id}/captions`: what is said in a video, for its owner to correct. A page of its own, since a talk has a
//! thousand captions.

use std::{borrow::Cow, collections::HashMap};

use askama::Template;
use common::{
    db::{Connection, captions, videos::Video},
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, Fields, StatusCode, fields, form_files, gateway_host, is_form_data, query, see_other},
    identity,
    language::{self, Language},
};
use lambda_http::Request;
use media::captions::{Edit, Line};
use utoipa::ToSchema;

use super::video::{HERE, owned};
use crate::{
    app::App,
    routes::captions::{parsed, read, replace, reword},
};

/// Captions of a page.
const MOST: usize = 100;
/// What the fields of words are called, before their number.
const FIELD: &str = "cue-";

/// What a video's page says of its captions.
pub(super) struct Captions {
    pub(super) language: String,
    pub(super) cues: u32,
    pub(super) day: String,
}

impl Captions {
    /// Costs nothing when there are none.
    pub(super) async fn load(db: &mut Connection, video: &Video) -> Result<Option<Self>, ApiError> {
        if video.captions.is_none() {
            return Ok(None);
        }
        let stored = captions::about(db, &video.id).await?;
        Ok(stored.map(|stored| Self {
            language: name(&stored.about.language),
            cues: stored.cues,
            day: stored.updated_at.day(),
        }))
    }
}

/// What a language is called among captions.
fn name(language: &Language) -> String {
    if *language == Language::unknown() { "Language not told".to_owned() } else { language.name().to_owned() }
}

#[derive(Template)]
#[template(path = "captions.html")]
struct CaptionsPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    video: &'a Video,
    captions: Option<Captions>,
    /// A tag, for the words.
    language: &'a str,
    version: &'a str,
    rows: Vec<Row>,
    /// What is searched for.
    search: &'a str,
    /// Of those found: the first that is shown, counted from 0; the last one's number; how many there are.
    from: usize,
    to: usize,
    all: usize,
    before: Option<usize>,
    after: Option<usize>,
    saved: bool,
    problem: Option<&'a str>,
}

struct Row {
    index: usize,
    at: String,
    seconds: u64,
    speaker: Option<String>,
    text: String,
    lines: usize,
}

/// A change: a file, or fields.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct CaptionsFile {
    /// WebVTT or SubRip.
    file: String,
    /// A BCP 47 tag.
    language: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct CaptionsForm {
    /// `edit` or `remove`.
    #[schema(pattern = "^(edit|remove)$")]
    change: String,
    /// The version that is edited.
    version: Option<String>,
    /// The words of a caption; `cue-1` is the second one's.
    #[schema(rename = "cue-0")]
    cue: Option<String>,
}

/// Show a video's captions to its owner
#[utoipa::path(
    get,
    path = "/dashboard/caps/{id}/captions",
    tag = "Pages",
    security(()),
    params(
        ("id" = String, Path, description = "The video's"),
        ("from" = Option<String>, Query, description = "The first caption that is shown, counted from 0"),
        ("q" = Option<String>, Query, description = "Only captions with these words"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "To the login"),
        (status = 404, description = "No such video of this person", body = String, content_type = "text/html"),
    ),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request, id: &str) -> Answer {
    match Person::at(HERE, request, &app.site, &app.db, &app.objects).await? {
        Some(person) => page(person, request, id, StatusCode::OK, None).await,
        None => frame::to_login(&app.site, request, &format!("/dashboard/caps/{id}/captions")),
    }
}

/// Change a video's captions
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}/captions",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content((CaptionsForm = "application/x-www-form-urlencoded"), (CaptionsFile = "multipart/form-data"))),
    responses(
        (status = 303, description = "To a page that shows what is done"),
        (status = 409, description = "They are others by now"),
    ),
)]
pub(in crate::routes) async fn change(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let parts = if is_form_data(request) { Some(form_files(request)?) } else { None };
    let form = if parts.is_none() { fields(request)? } else { Fields::default() };
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let done = match &parts {
        Some(parts) => by_file(&mut db, &video, parts).await,
        None => by_fields(&mut db, &video, &form).await,
    };
    let error = match done {
        Ok(place) => {
            let origin = app.site.origin(&gateway_host(request));
            return see_other(&format!("{origin}/dashboard/caps/{}{place}", video.id));
        }
        Err(error) => error,
    };
    drop(db);
    match Person::at(HERE, request, &app.site, &app.db, &app.objects).await? {
        Some(person) if error.status.is_client_error() => {
            page(person, request, id, error.status, Some(&error.message)).await
        }
        _ => Err(error),
    }
}

/// Where a change leads, below the video's page.
type Place = Cow<'static, str>;

async fn by_file(db: &mut Connection, video: &Video, parts: &HashMap<String, Vec<u8>>) -> Result<Place, ApiError> {
    let file = parts.get("file").filter(|file| !file.is_empty());
    let file =
        file.ok_or_else(|| ApiError::bad_request("No file was chosen. Choose one that ends with .vtt or .srt."))?;
    let language = parts.get("language").and_then(|tag| str::from_utf8(tag).ok()).filter(|tag| !tag.is_empty());
    replace(db, video, language, &parsed(file)?).await?;
    Ok("?saved=1#captions".into())
}

async fn by_fields(db: &mut Connection, video: &Video, form: &Fields) -> Result<Place, ApiError> {
    match form.get("change") {
        Some("edit") => {
            let edits: Vec<Edit> = form.all().filter_map(|(name, text)| edit(name, text)).collect();
            reword(db, video, form.required("version")?, &edits).await?;
            let number = |name| form.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
            Ok(format!("/captions?saved=1&from={}", number("from")).into())
        }
        Some("remove") => {
            captions::remove(db, &video.id).await?;
            Ok("?saved=1#captions".into())
        }
        _ => Err(ApiError::bad_request("change must be edit or remove.")),
    }
}

fn edit(name: &str, text: &str) -> Option<Edit> {
    Some(Edit { index: name.strip_prefix(FIELD)?.parse().ok()?, text: text.to_owned() })
}

async fn page(mut person: Person, request: &Request, id: &str, status: StatusCode, problem: Option<&str>) -> Answer {
    let Some(video) = owned(&mut person, id).await? else { return super::missing(&person) };
    let stored = match video.captions {
        Some(_) => read(&mut person.db, &video).await?,
        None => None,
    };
    let search = query(request, "q").map(str::trim).unwrap_or_default();
    let lines = stored.as_ref().map(|(_, captions)| captions.lines()).unwrap_or_default();
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let wanted = search.to_lowercase();
    let found: Vec<Line> = lines.into_iter().filter(|line| line.text.to_lowercase().contains(&wanted)).collect();
    let all = found.len();
    let from = query(request, "from").and_then(|from| from.parse().ok()).filter(|from| *from < all).unwrap_or(0);
    let rows: Vec<Row> = found.into_iter().skip(from).take(MOST).map(row).collect();
    let to = from + rows.len();
    let about = stored.map(|(about, _)| about);
    let page = CaptionsPage {
        nonce: "",
        frame: &person.frame,
        captions: about.as_ref().map(|about| Captions {
            language: name(&about.language),
            cues: count,
            day: String::new(),
        }),
        language: about.as_ref().map_or("und", |about| about.language.as_str()),
        version: about.as_ref().map_or("", |about| &about.version),
        video: &video,
        rows,
        search,
        from,
        to,
        all,
        before: (from > 0).then(|| from.saturating_sub(MOST)),
        after: (to < all).then_some(to),
        saved: query(request, "saved").is_some(),
        problem,
    };
    person.show(status, |nonce| CaptionsPage { nonce, ..page }.render())
}

fn row(line: Line) -> Row {
    let seconds = line.start_ms / 1000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let at = match hours {
        0 => format!("{minutes}:{:02}", seconds % 60),
        _ => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
    };
    let lines = line.text.lines().count().clamp(1, 6);
    Row { index: line.index, at, seconds, speaker: line.speaker, text: line.text, lines }
}
