//! `/dashboard/settings/server`: how the server does, for whoever runs it. Whatever does not answer is what the page is for, so
//! that nothing that fails makes it fail.

use std::{fmt::Display, time::Instant};

use askama::Template;
use common::{
    config::MailShown,
    db::{
        DbError,
        server::{self, Videos},
    },
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, StatusCode, gateway_host},
    objects::Listed,
    time::Millis,
};
use lambda_http::Request;
use tokio::time::timeout;

use crate::{app::App, routes::status::PATIENCE};

const HERE: &str = "/dashboard/settings/server";
/// The migrations that this release has been built with.
const NEWEST_MIGRATION: &str = env!("NEWEST_MIGRATION");
/// Seconds that a mail may wait before something is wrong: its event is followed by a look every minute.
const MAIL_SECONDS: i64 = 180;

#[derive(Template)]
#[template(path = "server.html")]
struct ServerPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    version: &'static str,
    checks: &'a [Check],
    wrong: usize,
    videos: Option<Videos>,
}

/// Something that was looked at.
struct Check {
    name: &'static str,
    /// `good`, `wrong` or `unknown`.
    state: &'static str,
    /// What it is.
    says: String,
    /// What to do about it.
    advice: Option<&'static str>,
}

impl Check {
    fn good(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, state: "good", says: says.into(), advice: None }
    }

    fn wrong(name: &'static str, says: impl Into<String>, advice: &'static str) -> Self {
        Self { name, state: "wrong", says: says.into(), advice: Some(advice) }
    }

    fn unknown(name: &'static str, says: impl Into<String>, advice: &'static str) -> Self {
        Self { name, state: "unknown", says: says.into(), advice: Some(advice) }
    }
}

/// Show how the server does, to whoever runs it
#[utoipa::path(
    get,
    path = "/dashboard/settings/server",
    tag = "Pages",
    security(()),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "To the login"),
        (status = 404, description = "For everybody else"),
    ),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let Some(mut person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, HERE);
    };
    if !person.frame.operator {
        return Err(ApiError::not_found("Not Found"));
    }
    let origin = app.site.origin(&gateway_host(request));
    let (database, bucket, cors, outbox, ledger) = tokio::join!(
        answered(async {
            let asked = Instant::now();
            let about = server::about(&mut person.db).await?;
            let took = asked.elapsed().as_millis();
            Ok::<_, DbError>((about, took, server::videos(&mut person.db).await?))
        }),
        answered(app.objects.ping()),
        answered(app.objects.lets_pages_store(&origin)),
        answered(app.objects.waiting_mails()),
        answered(app.ledger.expires()),
    );
    let videos = database.as_ref().ok().map(|(_, _, videos)| videos.clone());
    let checks = [
        address(app, &origin),
        of_database(database.map(|(about, took, _)| (about, took))),
        bucket_answers(bucket),
        stores(cors),
        of_ledger(ledger),
        of_mail(&app.mail),
        of_outbox(outbox),
        recordings(videos.as_ref()),
    ];
    let wrong = checks.iter().filter(|check| check.state == "wrong").count();
    let version = env!("CARGO_PKG_VERSION");
    person.show(StatusCode::OK, |nonce| {
        ServerPage { nonce, frame: &person.frame, version, checks: &checks, wrong, videos }.render()
    })
}

/// What came in time. Why something did not is in the log and not on the page, since it may name addresses.
async fn answered<T, E: Display>(asked: impl Future<Output = Result<T, E>>) -> Result<T, &'static str> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, "a check of the server failed");
            Err("It refuses, or cannot be reached.")
        }
        Err(_) => Err("It does not answer in time."),
    }
}

fn address(app: &App, origin: &str) -> Check {
    let name = "Public address";
    match &app.site.web_url {
        Some(_) => Check::good(name, origin),
        None => Check::unknown(
            name,
            format!("{origin}, the API’s own address"),
            "Links that people share begin with it. Deploy with WebUrl to give them a domain of yours.",
        ),
    }
}

fn of_database(answer: Result<(server::About, u128), &'static str>) -> Check {
    let name = "Database";
    let (about, took) = match answer {
        Ok(answer) => answer,
        Err(why) => {
            return Check::wrong(name, why, "Look at the metadata function’s log, and at whether the database runs.");
        }
    };
    let says = format!("MySQL {}, answers in {took} ms, schema V{:03}", about.version, about.migration);
    if about.migration.to_string() == NEWEST_MIGRATION {
        Check::good(name, says)
    } else {
        let advice = "The schema is not this release’s. Deploy again, and look at the migrate function’s log.";
        Check::wrong(name, format!("{says}, and this release has V{NEWEST_MIGRATION:0>3}"), advice)
    }
}

fn bucket_answers(answer: Result<(), &'static str>) -> Check {
    let name = "Bucket";
    match answer {
        Ok(()) => Check::good(name, "S3 answers."),
        Err(why) => Check::wrong(
            name,
            why,
            "Check that the bucket of the stack exists, and that the functions’ subnets have a gateway endpoint for S3.",
        ),
    }
}

fn stores(answer: Result<bool, &'static str>) -> Check {
    let name = "Uploads from browsers";
    match answer {
        Ok(true) => Check::good(name, "The bucket’s CORS rules let pages of this site store recordings."),
        Ok(false) => Check::wrong(
            name,
            "The bucket’s CORS rules do not let pages of this site store recordings.",
            "Allow PUT from this site’s address, all headers, and expose ETag, as template.yaml has it.",
        ),
        Err(why) => Check::unknown(
            name,
            format!("The bucket’s CORS rules are not known. {why}"),
            "Some servers that speak S3 do not tell them. If recording in the browser works, they are right.",
        ),
    }
}

fn of_ledger(answer: Result<bool, &'static str>) -> Check {
    let name = "Ledger";
    match answer {
        Ok(true) => Check::good(name, "DynamoDB answers, and removes what is over."),
        Ok(false) => Check::wrong(
            name,
            "DynamoDB answers, and does not remove what is over.",
            "Switch on time to live for the attribute expires_at, or the table grows for good.",
        ),
        Err(why) => Check::wrong(
            name,
            why,
            "Without it nobody can sign in and nothing is published. Check the table and the gateway endpoint for DynamoDB.",
        ),
    }
}

fn of_mail(config: &MailShown) -> Check {
    let name = "Mail";
    let says = |how: &str| format!("By {how}, from {}", config.from);
    match config.transport.as_str() {
        "log" => Check::wrong(
            name,
            "Mails are written to the log and not sent.",
            "Only whoever reads the log can sign in. Deploy with another MailTransport.",
        ),
        "ses" => Check::good(name, says("Amazon SES")),
        "resend" => Check::good(name, says("Resend")),
        other => Check::good(name, says(&other.to_uppercase())),
    }
}

fn of_outbox(answer: Result<Vec<Listed>, &'static str>) -> Check {
    let name = "Outbox";
    let waiting = match answer {
        Ok(waiting) => waiting,
        Err(why) => return Check::unknown(name, why, "It lies in the bucket; mend that first."),
    };
    let late = Millis::now().seconds() - MAIL_SECONDS;
    match waiting.last() {
        None => Check::good(name, "No mail waits."),
        Some(oldest) if oldest.stored_at < late => Check::wrong(
            name,
            format!("{} wait, the oldest since {}.", mails(waiting.len()), Millis(oldest.stored_at * 1000).minute()),
            "The mail function’s log says why they cannot be sent. They are removed after a day.",
        ),
        Some(_) => Check::good(name, format!("{} on the way.", mails(waiting.len()))),
    }
}

fn mails(count: usize) -> String {
    if count == 1 { "1 mail".to_owned() } else { format!("{count} mails") }
}

/// Whether the function that publishes does so cannot be asked, but seen.
fn recordings(videos: Option<&Videos>) -> Check {
    let name = "Publishing";
    let Some(videos) = videos else {
        return Check::unknown(name, "The database tells nothing of recordings.", "Mend the database first.");
    };
    match (&videos.stuck, videos.published_at) {
        (Some((video, since)), _) => Check::wrong(
            name,
            format!("Video {video} has stood still since {}.", since.minute()),
            "Look at the transcode function’s log, whether it has the FFmpeg layer, and at the dead-letter queue. The sweep should run every five minutes.",
        ),
        (None, Some(at)) => {
            Check::good(name, format!("Nothing stands still. The last video was published on {}.", at.minute()))
        }
        (None, None) => Check::unknown(
            name,
            "Nothing was published yet.",
            "Upload a recording: this then tells whether the bucket’s events, FFmpeg and the database work together.",
        ),
    }
}
