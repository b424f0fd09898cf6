//! What holds on every route: whom it lets in, what the others are told, and what it makes of nonsense.

mod agent;
mod identity;
mod nonsense;
mod owner;
mod route;
mod table;

use std::collections::BTreeSet;

use local::template::{Inputs, Template};
use serde_json::json;
use tests::{
    cloud::{cloud, repository},
    person::{Person, client},
    visitor::{Page, page},
};

use identity::{Identity, nobodies, token};
use owner::Owner;
use route::{Door, Route};
use table::ROUTES;

/// The routes of template.yaml, as `GET /login`, but for the one of what is no route.
fn deployed() -> BTreeSet<String> {
    template().routes.iter().filter(|route| route.path.is_some()).map(local::template::Route::key).collect()
}

fn template() -> Template {
    // What has no default; no route follows from it.
    let database = "mysql://u:p@127.0.0.1:3306/d";
    let given = [("DatabaseUrl", database), ("MailTransport", "smtp"), ("MailFrom", "login@example.test")];
    let parameters = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let inputs = Inputs { parameters, ..Inputs::default() };
    Template::load(&repository().join("template.yaml"), &inputs).expect("the template")
}

/// Routes that a function may have without the one of what is no route. SAM writes a statement of 300 to 520 bytes for each into
/// the function's policy, which may have 20 KiB (AWS, "Lambda quotas").
const ROUTES_WITH_STATEMENTS: usize = 38;

#[test]
fn the_api_may_call_every_function() {
    let template = template();
    for function in &template.functions {
        let routes: Vec<_> = template.routes.iter().filter(|route| route.function == function.name).collect();
        let takes_the_rest = routes.iter().any(|route| route.path.is_none());
        assert!(takes_the_rest || routes.len() <= ROUTES_WITH_STATEMENTS, "{}: {} routes", function.name, routes.len());
    }
}

#[test]
fn openapi_json_has_every_route_and_no_other() {
    let document = openapi::document();
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let deployed = deployed();
    let difference: Vec<_> = deployed.symmetric_difference(&described).collect();
    assert!(difference.is_empty(), "only in one of template.yaml and openapi.json: {difference:?}");
}

#[test]
fn the_table_has_every_route_of_the_template_and_no_other() {
    let deployed = deployed();
    let listed: BTreeSet<_> = ROUTES.iter().map(|route| route.key.to_owned()).collect();
    let difference: Vec<_> = deployed.symmetric_difference(&listed).collect();
    assert!(difference.is_empty(), "only in one of template.yaml and the table: {difference:?}");
    assert_eq!(listed.len(), ROUTES.len(), "a route is in the table twice");
}

/// What somebody who is nobody gets: the public routes, the way to the login, or a refusal.
fn assert_nobody(route: &Route, answer: &Page, who: &str) {
    match route.door {
        Door::Public(status) => {
            assert_eq!(answer.status, status, "{} by {who}: {answer:?}", route.key);
            if let Some(exactly) = route.exactly {
                assert_eq!(answer.text, exactly, "{} by {who}", route.key);
            }
        }
        Door::Page => assert_led_to_login(route, answer, who),
        Door::Caller | Door::Viewer | Door::SignedIn => route.assert_refused(answer, 401, who),
    }
}

fn assert_led_to_login(route: &Route, answer: &Page, who: &str) {
    let login = format!("{}/login?next=", cloud().ready.base);
    assert_eq!((answer.status, answer.text.as_str()), (302, ""), "{} by {who}: {answer:?}", route.key);
    assert!(answer.location().starts_with(&login), "{} by {who}: {answer:?}", route.key);
}

fn assert_tells_nothing_of(owner: &Owner, route: &Route, answer: &Page, who: &str) {
    let said = format!("{:?} {}", answer.headers, answer.text);
    for trace in owner.traces() {
        assert!(!said.contains(&trace), "{} tells {who} {trace}: {said}", route.key);
    }
}

#[tokio::test]
async fn nobody_gets_in_where_somebody_is_wanted() {
    let owner = Owner::new().await;
    for identity in nobodies().await {
        for route in ROUTES {
            let answer = route.ask(&identity, owner.id(route)).await;
            assert_nobody(route, &answer, &identity.who);
            assert_tells_nothing_of(&owner, route, &answer, &identity.who);
        }
    }
    owner.assert_untouched().await;
}

#[tokio::test]
async fn a_form_of_nobody_leads_to_the_login() {
    let unknown = Identity::cookie("a session that nobody has", &"0".repeat(64));
    for route in ROUTES.iter().filter(|route| route.is_write() && route.door == Door::SignedIn) {
        let answer = page(route.bare(&unknown, "0123456789abcde").form(&[("name", "A key")])).await;
        let login = format!("{}/login", cloud().ready.base);
        assert_eq!((answer.status, answer.location()), (303, login.as_str()), "{}: {answer:?}", route.key);
    }
}

#[tokio::test]
async fn c7_another_person_gets_nothing_of_ones_own() {
    let owner = Owner::new().await;
    for route in ROUTES {
        for by_key in [true, false] {
            // Somebody new each time, since some of it ends all that a person has.
            let other = Person::new().await;
            let session = Identity::session_of(&other.browser().await);
            let identity = if by_key { Identity::key_of(&other) } else { session };
            let answer = route.ask(&identity, owner.id(route)).await;
            let who = format!("another person with {}", identity.who);
            match (route.door, route.about) {
                (Door::Page, _) if by_key => assert_led_to_login(route, &answer, &who),
                (Door::SignedIn, _) if by_key => route.assert_refused(&answer, 403, &who),
                (Door::Caller, _) if by_key && route.itself => route.assert_refused(&answer, 403, &who),
                (Door::Viewer, _) => route.assert_refused(&answer, 400, &who),
                (Door::Caller | Door::SignedIn, Some(_)) => route.assert_refused(&answer, route.foreign, &who),
                (Door::Caller | Door::Page, None) if route.always.is_some() => {
                    assert_eq!(Some(answer.status), route.always, "{} by {who}: {answer:?}", route.key);
                }
                (Door::Page, Some(_)) => {
                    assert_eq!(answer.status, route.foreign, "{} by {who}: {answer:?}", route.key);
                }
                // What they get is theirs, if they have it.
                (Door::Caller | Door::SignedIn, None) if answer.status == 400 => {
                    route.assert_refused(&answer, 400, &who);
                }
                (Door::Caller | Door::SignedIn | Door::Page, _) => {
                    assert!(answer.status < 400, "{} by {who}: {answer:?}", route.key);
                }
                (Door::Public(status), _) => {
                    assert!(answer.status <= 403 || answer.status == status, "{} by {who}: {answer:?}", route.key);
                }
            }
            assert_tells_nothing_of(&owner, route, &answer, &who);
        }
    }
    owner.assert_untouched().await;
}

#[tokio::test]
async fn c5_a_browser_changes_nothing_for_pages_of_other_sites() {
    let owner = Owner::new().await;
    let alone = Identity::cookie_alone("one's own browser, and nothing says which page asks", &token(&owner.browser));
    let led = |who: &str, name, value| Identity { who: who.to_owned(), ..alone.clone().with(name, value) };
    let made_by_others = [
        led("a page of another site", "origin", "https://evil.test"),
        led("a page in a sandbox", "origin", "null"),
        led("a page of a neighbour", "origin", &format!("{}.evil.test", cloud().ready.base)),
        led("a page that browsers call foreign", "sec-fetch-site", "cross-site"),
        led("a page that guesses the token", "x-csrf-token", &"0".repeat(64)),
        alone.clone(),
    ];
    for route in ROUTES.iter().filter(|route| route.is_write()) {
        for identity in &made_by_others {
            let names: Vec<_> = identity.headers.iter().map(|(name, _)| *name).collect();
            // Without an identity there is nothing to make use of but the browser itself, which says who makes it.
            if route.for_programs && !names.contains(&"origin") && !names.contains(&"sec-fetch-site") {
                continue;
            }
            // What other sites' forms can send without asking first is called text.
            for content_type in ["application/json", "text/plain"] {
                let answer = route.ask_as(identity, owner.id(route), content_type).await;
                route.assert_refused(&answer, 403, &identity.who);
            }
        }
    }
    owner.assert_untouched().await;
}

#[tokio::test]
async fn ones_own_program_is_not_enough_where_a_person_is_wanted() {
    let owner = Owner::new().await;
    for program in [
        Identity::key_of(&owner.person),
        Identity::bearer("a session of a program", &owner.program),
        Identity::cookie("a session of a program, as a cookie", &owner.program),
    ] {
        for route in ROUTES {
            let answer = route.ask(&program, owner.id(route));
            match route.door {
                Door::Page => assert_led_to_login(route, &answer.await, &program.who),
                Door::SignedIn => route.assert_refused(&answer.await, 403, &program.who),
                Door::Caller if route.itself => route.assert_refused(&answer.await, 403, &program.who),
                Door::Public(_) | Door::Caller | Door::Viewer => {}
            }
        }
    }
    owner.assert_untouched().await;
}

#[tokio::test]
async fn a_session_does_what_a_key_does() {
    for route in ROUTES.iter().filter(|route| route.door == Door::Caller && route.about == Some(route::Thing::Video)) {
        let person = Person::new().await;
        let browser = person.browser().await;
        let (token, program) = (token(&browser), browser.program().await);
        let mut statuses = BTreeSet::new();
        for identity in [
            Identity::key_of(&person),
            Identity::cookie("a session", &token),
            Identity::bearer("a session's token", &token),
            Identity::bearer("a session of a program", &program),
        ] {
            let video = person.create("Mine").await;
            statuses.insert(route.ask(&identity, &video).await.status);
        }
        let status = *statuses.first().expect("an answer");
        assert_eq!(statuses.len(), 1, "{}: {statuses:?}", route.key);
        assert!(!matches!(status, 401 | 403) && status < 500, "{}: {status}", route.key);
    }
}

#[tokio::test]
async fn c8_a_video_that_is_shut_tells_nothing_of_itself() {
    let owner = Owner::new().await;
    let video = owner.video().to_owned();
    let link = format!("/api/videos/{video}/links/{video}");
    let open = json!({ "password": null, "on": true });
    for (what, path, change) in [
        ("a password", link.as_str(), json!({ "password": "let me not in" })),
        ("a link that is off", &link, json!({ "on": false })),
        ("a private video", &format!("/api/videos/{video}/sharing"), json!({ "public": false })),
    ] {
        owner.person.patch(&link, open.clone()).await;
        assert_eq!(owner.person.patch(path, change).await.status, 200);
        let other = Identity::key_of(&Person::new().await);
        for identity in nobodies().await.into_iter().chain([other]) {
            for route in ROUTES
                .iter()
                .filter(|route| matches!(route.door, Door::Public(_) | Door::Viewer) && route.about.is_some())
            {
                let answer = route.ask(&identity, &video).await;
                let who = format!("{} with {what}", identity.who);
                let out = answer.status == 401 && route.door == Door::Viewer;
                assert!(out || matches!(answer.status, 403 | 404 | 410 | 429), "{} by {who}: {answer:?}", route.key);
                let said = format!("{:?} {}", answer.headers, answer.text);
                for trace in ["Private", "Ada", "X-Amz-Signature", "Amz-Credential"] {
                    assert!(!said.contains(trace), "{} tells {who} {trace}: {said}", route.key);
                }
                assert_tells_nothing_of(&owner, route, &answer, &who);
            }
            let described = format!("{}/api/oembed?url={}/s/{video}", cloud().ready.base, cloud().ready.base);
            let described = page(client().get(described)).await;
            assert!(matches!(described.status, 403 | 404), "oEmbed with {what}: {described:?}");
            assert!(!described.text.contains("Private") && !described.text.contains("Ada"), "{described:?}");
        }
    }
}
