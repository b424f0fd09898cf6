//! `/dashboard/caps`: the library.

use askama::Template;
use common::{
    db::videos::{self, AskedOfLibrary, BIN_DAYS, Binned, Page, Sort},
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, StatusCode, cookie, query, redirect, text, with_cookie},
    identity,
    ids::VideoId,
    objects::{MAX_PICTURE_BYTES, MAX_RECORDING_BYTES},
    visitor::Visitor,
};
use lambda_http::Request;

use super::card::Card;
use crate::app::App;

/// Path of the page.
pub(super) const HERE: &str = "/dashboard/caps";
/// Videos of a page, unless somebody asks for another number, and at most.
const PER_PAGE: u32 = 24;
const MOST_PER_PAGE: u32 = 96;
/// Pages before which nobody's library ends.
const MOST_PAGES: u32 = 100_000;
/// Characters of a search text.
const SEARCH: usize = 255;
/// Cookie in which a browser keeps how its library is shown.
const VIEW: &str = "library-view";
/// Seconds that it is kept: a year.
const VIEW_SECONDS: u32 = 365 * 24 * 3600;
/// What may come first, as the address says it.
const SORTS: [(&str, Sort); 4] =
    [("newest", Sort::Newest), ("oldest", Sort::Oldest), ("title", Sort::Title), ("longest", Sort::Longest)];

#[derive(Template)]
#[template(path = "library.html")]
struct LibraryPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    /// Whose it is, for what their browser remembers of uploads.
    user: &'a str,
    wanted: &'a Wanted,
    view: View,
    cards: &'a [Card],
    total: u64,
    pages: u64,
    previous: Option<String>,
    next: Option<String>,
    /// Address of this page.
    back: String,
    /// What was just thrown away.
    binned: Option<&'a Binned>,
    problem: Option<&'static str>,
    /// Bytes of a picture, and of any file.
    most_of_picture: u64,
    most: u64,
    bin_days: u32,
}

#[derive(Template)]
#[template(path = "library/cards.html")]
struct Cards<'a> {
    cards: &'a [Card],
    csrf_token: &'a str,
    back: &'a str,
}

/// How the library is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    Grid,
    List,
}

impl View {
    fn parse(word: &str) -> Option<Self> {
        [Self::Grid, Self::List].into_iter().find(|view| view.as_str() == word)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::List => "list",
        }
    }
}

/// What an address asks for.
struct Wanted {
    search: String,
    sort: Sort,
    page: u32,
    per_page: u32,
}

impl Wanted {
    /// What cannot be asked for is as if it were not: an address that somebody typed still leads somewhere.
    fn read(request: &Request) -> Self {
        let number = |name, most| query(request, name)?.parse().ok().filter(|number| (1..=most).contains(number));
        let sort = query(request, "sort");
        Self {
            search: query(request, "q").unwrap_or_default().trim().chars().take(SEARCH).collect(),
            sort: SORTS.iter().find(|(word, ..)| sort == Some(word)).map(|(.., sort)| *sort).unwrap_or_default(),
            page: number("page", MOST_PAGES).unwrap_or(1),
            per_page: number("per", MOST_PER_PAGE).unwrap_or(PER_PAGE),
        }
    }

    fn asked(&self) -> AskedOfLibrary<'_> {
        AskedOfLibrary { search: &self.search, sort: self.sort, per_page: self.per_page, page: self.page }
    }

    /// Path and query of another page of the same.
    fn address(&self, page: u64) -> String {
        let sort = SORTS.iter().find(|(.., sort)| *sort == self.sort).map_or("", |(word, ..)| word);
        let (per_page, page) = (self.per_page.to_string(), page.to_string());
        let all = [
            ("q", self.search.as_str(), self.search.is_empty()),
            ("sort", sort, self.sort == Sort::default()),
            ("per", &per_page, self.per_page == PER_PAGE),
            ("page", &page, page == "1"),
        ];
        let said: Vec<_> = all.iter().filter(|(.., left_out)| !left_out).map(|(name, text, _)| (name, text)).collect();
        let said = serde_urlencoded::to_string(said).unwrap_or_default();
        if said.is_empty() { HERE.to_owned() } else { format!("{HERE}?{said}") }
    }

    /// True where what is new comes first.
    fn is_plain(&self) -> bool {
        self.search.is_empty() && self.sort == Sort::Newest && self.page == 1
    }

    /// The same page, shown otherwise.
    fn viewed(&self, view: &str) -> String {
        let here = self.address(self.page.into());
        format!("{here}{}view={view}", if here.contains('?') { '&' } else { '?' })
    }

    fn sorts(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let said = words::library();
        let texts = [said.newest, said.oldest, said.by_title, said.longest];
        SORTS.iter().zip(texts).map(|((word, sort), text)| (*word, text, *sort == self.sort))
    }
}

/// Show one's library
///
/// Somebody's videos, to be searched, sorted, renamed and thrown away. Files are uploaded here too, by its script.
#[utoipa::path(
    get,
    path = "/dashboard/caps",
    tag = "Pages",
    security(("session" = []), ()),
    params(
        ("q" = Option<String>, Query, description = "Words that a title has"),
        ("sort" = Option<String>, Query, description = "What comes first", pattern = "^(newest|oldest|title|longest)$"),
        ("page" = Option<u32>, Query, description = "From 1", minimum = 1),
        ("per" = Option<u32>, Query, description = "Videos of a page", minimum = 1, maximum = 96),
        ("view" = Option<String>, Query, description = "How they are shown, from now on in this browser", pattern = "^(grid|list)$"),
        ("binned" = Option<String>, Query, description = "What was just thrown away"),
        ("problem" = Option<String>, Query, description = "What was just refused: title"),
    ),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let wanted = Wanted::read(request);
    let back = wanted.address(wanted.page.into());
    let Some(mut person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, &back);
    };
    let user = person.session.user.clone();
    let Page { videos, total } = videos::library(&mut person.db, &user, &wanted.asked()).await?;
    if videos.is_empty() && wanted.page > 1 {
        // The last video of the last page was thrown away.
        return redirect(&format!("{}{}", person.origin, wanted.address(1)));
    }
    let binned = match query(request, "binned").and_then(VideoId::parse) {
        Some(id) => videos::binned(&mut person.db, &user, Some(&id), 1).await?.pop(),
        None => None,
    };
    let chosen = query(request, "view").and_then(View::parse);
    let kept = cookie::value(request, VIEW).as_deref().and_then(View::parse);
    let (number, pages) = (u64::from(wanted.page), total.div_ceil(wanted.per_page.into()));
    let page = LibraryPage {
        nonce: "",
        frame: &person.frame,
        user: user.as_str(),
        view: chosen.or(kept).unwrap_or(View::Grid),
        cards: &Card::all(&app.objects, videos).await?,
        total,
        pages,
        previous: (number > 1).then(|| wanted.address(number - 1)),
        next: (number < pages).then(|| wanted.address(number + 1)),
        back,
        binned: binned.as_ref(),
        problem: query(request, "problem").and_then(problem),
        most_of_picture: MAX_PICTURE_BYTES,
        most: MAX_RECORDING_BYTES,
        bin_days: BIN_DAYS,
        wanted: &wanted,
    };
    let answer = person.show(StatusCode::OK, |nonce| LibraryPage { nonce, ..page }.render());
    match chosen {
        Some(view) => with_cookie(answer?, &cookie::set(&app.site, VIEW, view.as_str(), Some(VIEW_SECONDS))),
        None => answer,
    }
}

/// The words are here, so that no link puts any on the page.
fn problem(name: &str) -> Option<&'static str> {
    (name == "title").then_some(words::video().title_refused)
}

/// Show some videos as the library does
///
/// For its script, which puts them in place of what it shows: what is uploaded or prepared changes by itself.
#[utoipa::path(
    get,
    path = "/dashboard/caps/cards",
    tag = "Pages",
    params(("ids" = String, Query, description = "Ids with commas between them, at most 96")),
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub(in crate::routes) async fn cards(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let ids = query(request, "ids").ok_or_else(|| ApiError::bad_request("ids is missing from the query."))?;
    let ids: Vec<VideoId> = ids.split(',').filter_map(VideoId::parse).take(MOST_PER_PAGE as usize).collect();
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let found = videos::of_ids(&mut db, &caller, &ids).await?;
    drop(db);
    let visitor = Visitor::of(&app.site, request)?;
    let cards = Cards { cards: &Card::all(&app.objects, found).await?, csrf_token: &visitor.csrf_token, back: HERE };
    visitor.greeted(Ok(text("text/html; charset=utf-8", cards.render().map_err(ApiError::internal)?)))
}
