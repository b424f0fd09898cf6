//! `/dashboard/caps/{id}`: a video as its owner sees it, and changes it. Every change is a form, so that it works without script.

use askama::Template;
use common::{
    config::SiteConfig,
    db::{
        Connection,
        share_links::{self, Change, Link},
        videos::{self, Kind, Status, Video},
    },
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, Fields, StatusCode, fields, gateway_host, query, see_other},
    identity,
    ids::{ShareCode, VideoId},
    language, text,
    time::Millis,
};
use lambda_http::Request;
use utoipa::ToSchema;

use super::{super::sharing::hashed, captions::Captions, views::Views};
use crate::app::App;

/// Below the library.
pub(super) const HERE: &str = "/dashboard/caps/video";
/// Characters of a title, and of a description.
const TITLE: usize = 255;
const DESCRIPTION: usize = 2000;

#[derive(Template)]
#[template(path = "video.html")]
struct VideoPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    video: &'a Video,
    state: State,
    poster: Option<String>,
    url: &'a str,
    embed: String,
    views: Views,
    links: &'a [LinkRow],
    captions: Option<Captions>,
    /// The first day on which a link may end.
    tomorrow: String,
    saved: bool,
    problem: Option<&'static str>,
}

/// What is said of where a video stands.
struct State {
    text: &'static str,
    reason: Option<String>,
    plays: bool,
}

struct LinkRow {
    code: String,
    url: String,
    first: bool,
    protected: bool,
    on: bool,
    expired: bool,
    /// As an input of a date has it.
    ends: Option<String>,
    ends_day: Option<String>,
}

/// A change. Fields that it does not have are left out.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct VideoForm {
    /// `details`, `visibility`, `viewers`, `link` (make or change one) or `remove`.
    #[schema(pattern = "^(details|visibility|viewers|link|remove)$")]
    change: String,
    /// The title, one line.
    #[schema(max_length = 255)]
    name: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// `true` or `false`.
    public: Option<String>,
    /// Anything to let viewers save the video; nothing does not.
    downloads: Option<String>,
    /// Anything to let viewers comment; nothing does not.
    comments: Option<String>,
    /// Of the link that is changed or removed; none for a new one.
    code: Option<String>,
    /// A password; an empty one leaves it as it is.
    #[schema(max_length = 200)]
    password: Option<String>,
    /// Anything to take the password away.
    open: Option<String>,
    /// The last day on which the link leads anywhere (UTC); an empty one is none.
    #[schema(format = Date)]
    until: Option<String>,
    /// Anything to keep the link open; nothing shuts it.
    on: Option<String>,
}

/// Show a video to its owner
#[utoipa::path(
    get,
    path = "/dashboard/caps/{id}",
    tag = "Pages",
    security(()),
    params(("id" = String, Path, description = "The video's")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "To the login"),
        (status = 404, description = "No such video of this person", body = String, content_type = "text/html"),
    ),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request, id: &str) -> Answer {
    let Some(mut person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, &format!("/dashboard/caps/{id}"));
    };
    let Some(video) = owned(&mut person, id).await? else { return super::missing(&person) };
    let host = gateway_host(request);
    let views = Views::load(&mut person.db, &video, query(request, "views")).await?;
    let links = share_links::list(&mut person.db, &video.id).await?;
    let links: Vec<LinkRow> = links.iter().map(|link| row(&app.site, &host, &video.id, link)).collect();
    let url = app.site.share_url(&host, video.id.as_str());
    let page = VideoPage {
        nonce: "",
        frame: &person.frame,
        state: state(&video),
        poster: super::poster(&app.objects, &video).await?,
        embed: embed(&app.site.origin(&host), &video),
        url: &url,
        views,
        links: &links,
        captions: Captions::load(&mut person.db, &video).await?,
        tomorrow: Millis(Millis::now().0 + 86_400_000).date(),
        saved: query(request, "saved").is_some(),
        problem: query(request, "problem").and_then(problem),
        video: &video,
    };
    person.show(StatusCode::OK, |nonce| VideoPage { nonce, ..page }.render())
}

/// Change a video
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content = VideoForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "To the video's page, which says whether it is done")),
)]
pub(in crate::routes) async fn change(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let done = match form.get("change") {
        Some("details") => details(&mut db, &video, &form).await,
        Some("visibility") => visibility(&mut db, &video, &form).await,
        Some("viewers") => viewers(&mut db, &video, &form).await,
        Some("link") => link(&mut db, &video, &form).await,
        Some("remove") => remove(&mut db, &video, &form).await,
        _ => return Err(ApiError::bad_request("change must be details, visibility, viewers, link or remove.")),
    };
    let said = match done {
        Ok(place) => format!("?saved=1#{place}"),
        Err(Refused::Form(problem)) => format!("?problem={problem}#problem"),
        Err(Refused::Error(error)) => return Err(error),
    };
    see_other(&format!("{}/dashboard/caps/{}{said}", app.site.origin(&gateway_host(request)), video.id))
}

/// Why a form is not done: by something in it that the page names, or by something else.
enum Refused {
    Form(&'static str),
    Error(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

fn problem(name: &str) -> Option<&'static str> {
    Some(match name {
        "title" => words::video().title_refused,
        "description" => words::video().description_refused,
        "password" => words::links().password_refused,
        "until" => words::links().until_refused,
        "most" => words::links().most_refused,
        "link" => words::links().link_refused,
        _ => return None,
    })
}

async fn details(db: &mut Connection, video: &Video, form: &Fields) -> Result<&'static str, Refused> {
    let name = text::line(form.get("name").unwrap_or_default(), TITLE).map_err(|_| Refused::Form("title"))?;
    let written = text::lines(form.get("description").unwrap_or_default(), DESCRIPTION);
    let description = written.map_err(|_| Refused::Form("description"))?;
    if name.is_empty() {
        return Err(Refused::Form("title"));
    }
    videos::describe(db, &video.id, &video.owner, name, &description).await?;
    Ok("details")
}

async fn visibility(db: &mut Connection, video: &Video, form: &Fields) -> Result<&'static str, Refused> {
    let public = form.get("public") == Some("true");
    videos::set_public(db, &video.id, &video.owner, public).await?;
    Ok("links")
}

/// What viewers may do.
async fn viewers(db: &mut Connection, video: &Video, form: &Fields) -> Result<&'static str, Refused> {
    videos::set_downloads(db, &video.id, &video.owner, form.get("downloads").is_some()).await?;
    videos::set_comments(db, &video.id, &video.owner, form.get("comments").is_some()).await?;
    Ok("viewers")
}

/// Makes a link, or changes one.
async fn link(db: &mut Connection, video: &Video, form: &Fields) -> Result<&'static str, Refused> {
    let given = form.get("password").filter(|password| !password.is_empty());
    let password = hashed(given).await.map_err(|_| Refused::Form("password"))?;
    let ends = match form.get("until").filter(|day| !day.is_empty()) {
        Some(day) => Some(end_of(day).ok_or(Refused::Form("until"))?),
        None => None,
    };
    let Some(code) = form.get("code") else {
        let made = share_links::create(db, &video.id, &ShareCode::random()?, password.as_ref(), ends).await?;
        return if made { Ok("links") } else { Err(Refused::Form("most")) };
    };
    let code = ShareCode::parse(code).ok_or(Refused::Form("link"))?;
    let password = match (password, form.get("open")) {
        (Some(password), _) => Some(Some(password)),
        (None, Some(_)) => Some(None),
        (None, None) => None,
    };
    let change = Change { password, expires_at: Some(ends), on: Some(form.get("on").is_some()) };
    if share_links::change(db, &video.id, &code, &change).await? { Ok("links") } else { Err(Refused::Form("link")) }
}

async fn remove(db: &mut Connection, video: &Video, form: &Fields) -> Result<&'static str, Refused> {
    let code = form.get("code").and_then(ShareCode::parse).filter(|code| code.as_str() != video.id.as_str());
    let code = code.ok_or(Refused::Form("link"))?;
    if share_links::remove(db, &video.id, &code).await? { Ok("links") } else { Err(Refused::Form("link")) }
}

/// The last instant of a day to come, before what MySQL counts no further.
fn end_of(day: &str) -> Option<Millis> {
    let end = Millis::parse(&format!("{day}T23:59:59Z"))?;
    (end > Millis::now() && end.seconds() < i64::from(u32::MAX)).then_some(end)
}

/// The video of this id, if it is this person's.
pub(super) async fn owned(person: &mut Person, id: &str) -> Result<Option<Video>, ApiError> {
    let Some(id) = VideoId::parse(id) else { return Ok(None) };
    let video = videos::find(&mut person.db, &id).await?;
    Ok(video.filter(|video| video.owner == person.session.user))
}

fn state(video: &Video) -> State {
    let (text, reason) = match video.status {
        Status::Ready => (words::video().ready, None),
        Status::Uploading => (words::video().uploading, None),
        Status::Processing => (words::video().prepared, None),
        Status::Failed => (words::video().failed, video.failure_reason.clone()),
    };
    State { text, reason, plays: video.published_at.is_some() }
}

fn row(site: &SiteConfig, host: &str, video: &VideoId, link: &Link) -> LinkRow {
    LinkRow {
        url: site.share_url(host, link.code.as_str()),
        first: link.code.as_str() == video.as_str(),
        code: link.code.as_str().to_owned(),
        protected: link.password.is_some(),
        on: link.on,
        expired: link.expired,
        ends: link.expires_at.map(Millis::date),
        ends_day: link.expires_at.map(Millis::day),
    }
}

/// What other sites put into their pages: as wide as there is room, in the video's shape.
fn embed(origin: &str, video: &Video) -> String {
    let (width, height) = video.width.zip(video.height).unwrap_or((16, 9));
    format!(
        "<iframe src=\"{origin}/embed/{}\" style=\"width:100%;aspect-ratio:{width}/{height};border:0\" \
         allow=\"autoplay; fullscreen; picture-in-picture\"></iframe>",
        video.id
    )
}
