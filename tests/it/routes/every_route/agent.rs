//! Tokens of the `cap` command: on the agent API alone, for what they allow, until they end.

use tests::{cli::Cli, person::Person, rows};

use super::{
    assert_nobody, assert_tells_nothing_of,
    identity::Identity,
    owner::Owner,
    route::{Door, Route},
    table::ROUTES,
};

/// The owner's token for some scopes.
async fn token(owner: &Person, scope: &str) -> Identity {
    let cli = Cli::login_for(&owner.browser().await, scope).await;
    Identity::bearer("the owner's token", &cli.token)
}

/// Routes that ask who somebody is.
fn with_a_door() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| !matches!(route.door, Door::Public(_)))
}

#[tokio::test]
async fn a_token_is_nobody_outside_the_agent_api() {
    let owner = Owner::new().await;
    let identity = token(&owner.person, "caps:read caps:comment caps:write").await;
    for route in with_a_door().filter(|route| !route.is_agent()) {
        let answer = route.ask(&identity, owner.id(route)).await;
        assert_nobody(route, &answer, &identity.who);
        assert_tells_nothing_of(&owner, route, &answer, &identity.who);
    }
}

#[tokio::test]
async fn a_token_without_the_scope_changes_nothing() {
    let owner = Owner::new().await;
    let identity = token(&owner.person, "caps:read caps:comment").await;
    let reads = token(&owner.person, "caps:read").await;
    let writes = with_a_door().filter(|route| route.is_agent() && route.is_write());
    // Giving itself up is nobody's loss.
    let writes: Vec<_> = writes.filter(|route| !route.key.ends_with("/auth/revoke")).collect();
    assert!(writes.len() >= 6, "{writes:?}");
    for route in writes {
        let identity = if route.scope() == "caps:comment" { &reads } else { &identity };
        let answer = route.ask(identity, owner.id(route)).await;
        route.assert_refused(&answer, 403, "a token without the scope");
        assert!(answer.text.contains(route.scope()), "{answer:?}");
    }
    for route in with_a_door().filter(|route| route.is_agent() && !route.is_write()) {
        let answer = route.ask(&identity, owner.id(route)).await;
        assert_eq!(answer.status, 200, "{} with a token that may read: {answer:?}", route.key);
    }
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_so() {
    let owner = Owner::new().await;
    let identity = token(&owner.person, "caps:read caps:write").await;
    rows::run(&format!(
        "UPDATE api_keys SET expires_at = UTC_TIMESTAMP(3) WHERE source = 'cli' AND user_id = '{}'",
        owner.person.id
    ))
    .await;
    for route in with_a_door().filter(|route| route.is_agent()) {
        let answer = route.ask(&identity, owner.id(route)).await;
        assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("TOKEN_EXPIRED")), "{}", route.key);
        assert_tells_nothing_of(&owner, route, &answer, "a token that has ended");
    }
}

#[tokio::test]
async fn a_token_asks_a_person_before_what_cannot_be_undone() {
    let person = Person::new().await;
    let video = person.create("Precious").await;
    let identity = token(&person, "caps:read caps:write").await;
    let confirmed = identity.clone().with("x-cap-confirmation", "user");
    let route = |key: &str| ROUTES.iter().find(|route| route.key == key).expect("a route");
    let (delete, sign_out) = (route("DELETE /api/v1/caps/{id}"), route("POST /api/v1/me/sign-out-all"));
    for (route, id) in [(delete, video.as_str()), (sign_out, "")] {
        for unconfirmed in [identity.clone(), identity.clone().with("x-cap-confirmation", "agent")] {
            let answer = route.ask(&unconfirmed, id).await;
            let code = answer.json()["code"].clone();
            assert_eq!((answer.status, code.as_str()), (428, Some("APPROVAL_REQUIRED")), "{answer:?}");
        }
    }
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.status, 200, "nothing has happened");
    assert_eq!(delete.ask(&confirmed, &video).await.status, 200);
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.status, 404);
    assert_eq!(sign_out.ask(&confirmed, "").await.status, 200);
    assert_eq!(person.get("/api/v1/me").await.status, 401, "the key of before is dead");
    assert_eq!(sign_out.ask(&confirmed, "").await.status, 401, "and so is the token itself");
}
