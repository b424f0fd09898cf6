//! How often one's videos are watched, for programs: `/api/v1/analytics` and `/api/dashboard/analytics`.

use common::{
    db::views::{self, Of},
    error::ApiError,
    http::{Answer, StatusCode, agent_json, json_response, query},
    identity,
    time::Day,
    views::{Counts, Range},
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// What is answered to whoever names no range.
const USUAL: &str = "30d";

/// How often something was watched.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Analytics {
    /// As it was asked for.
    range: String,
    /// Viewers, each once a day.
    viewers: u64,
    /// Times that somebody began to watch.
    plays: u64,
    /// How much of it an average play got to see, in percents; null without plays.
    average_watched: Option<u64>,
    reached: Reached,
    /// Days with views, in order.
    days: Vec<OfDay>,
}

/// Plays that got as far.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reached {
    quarter: u64,
    half: u64,
    three_quarters: u64,
    /// As good as all of it: 95 percent.
    end: u64,
}

#[derive(Serialize, ToSchema)]
struct OfDay {
    /// In UTC.
    day: Day,
    viewers: u64,
    plays: u64,
}

#[derive(Serialize, ToSchema)]
struct DashboardAnalytics {
    data: Analytics,
}

/// Show how often one's videos are watched
#[utoipa::path(
    get,
    path = "/api/v1/analytics",
    tag = "Videos",
    params(
        ("capId" = Option<String>, Query, description = "The video's; without it, all of them together"),
        ("range" = Option<String>, Query, description = "Whole days in UTC: 7d, 30d, up to 90d; 24h for today and yesterday; lifetime. Without it, 30d"),
    ),
    responses((status = 200, body = Analytics), (status = 404, description = "No such video of this person")),
)]
pub(super) async fn agent(app: &App, request: &Request) -> Answer {
    agent_json(request, StatusCode::OK, &read(app, request).await?)
}

/// Show how often one's videos are watched, to the dashboard
#[utoipa::path(
    get,
    path = "/api/dashboard/analytics",
    tag = "Videos",
    params(
        ("capId" = Option<String>, Query, description = "The video's; without it, all of them together"),
        ("range" = Option<String>, Query, description = "24h, 7d, 30d or lifetime; as in the agent API"),
    ),
    responses(
        (status = 200, body = DashboardAnalytics),
        (status = 404, description = "No such video of this person"),
    ),
)]
pub(super) async fn dashboard(app: &App, request: &Request) -> Answer {
    json_response(StatusCode::OK, &DashboardAnalytics { data: read(app, request).await? })
}

async fn read(app: &App, request: &Request) -> Result<Analytics, ApiError> {
    let credential = identity::reading(request)?;
    let asked = query(request, "range").unwrap_or(USUAL);
    let range = Range::parse(asked)
        .ok_or_else(|| ApiError::bad_request("range must be a number of days such as 30d, or 24h, or lifetime."))?;
    let from = range.from(Day::today());
    let mut db = app.db.connect().await?;
    let days = match query(request, "capId") {
        Some(id) => {
            let video = identity::access(&mut db, &credential, id).await?.owned()?;
            views::by_day(&mut db, Of::Video(&video.id), from).await?
        }
        None => {
            let caller = identity::caller(&mut db, &credential).await?;
            views::by_day(&mut db, Of::Owner(&caller), from).await?
        }
    };
    Ok(Analytics::of(asked, &days))
}

impl Analytics {
    fn of(range: &str, days: &[(Day, Counts)]) -> Self {
        let all = days.iter().fold(Counts::default(), |sum, (_, counts)| sum.plus(counts));
        let [quarter, half, three_quarters, end] = all.reached;
        let of_day = |(day, counts): &(Day, Counts)| OfDay { day: *day, viewers: counts.viewers, plays: counts.plays };
        Self {
            range: range.to_owned(),
            viewers: all.viewers,
            plays: all.plays,
            average_watched: all.average(),
            reached: Reached { quarter, half, three_quarters, end },
            days: days.iter().map(of_day).collect(),
        }
    }
}
