//! `/api/videos/{id}/sharing` and `…/links`

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Person, answer},
};

async fn owner() -> (Person, String) {
    let person = Person::new().await;
    let video = person.create("Shared").await;
    (person, video)
}

#[tokio::test]
async fn a_new_video_is_public_by_one_link() {
    let (person, video) = owner().await;
    let sharing = person.get(&format!("/api/videos/{video}/sharing")).await.body;
    assert_eq!((&sharing["public"], sharing["links"].as_array().map(Vec::len)), (&json!(true), Some(1)));
    let link = &sharing["links"][0];
    assert_eq!(
        (&link["code"], &link["protected"], &link["expiresAt"], &link["on"]),
        (&json!(video), &json!(false), &Value::Null, &json!(true))
    );
    assert_eq!(link["url"], format!("{}/s/{video}", cloud().ready.base));
}

#[tokio::test]
async fn what_is_left_out_of_a_change_stays() {
    let (person, video) = owner().await;
    let path = format!("/api/videos/{video}/links/{video}");
    let ends = "2100-01-01T00:00:00.000Z";
    for (change, expected) in [
        (json!({ "password": "x", "expiresAt": ends }), json!([true, ends, true])),
        (json!({ "on": false }), json!([true, ends, false])),
        (json!({ "password": null }), json!([false, ends, false])),
        (json!({ "expiresAt": null, "on": true }), json!([false, null, true])),
        (json!({}), json!([false, null, true])),
    ] {
        let changed = person.patch(&path, change.clone()).await;
        let link = &changed.body["links"][0];
        assert_eq!(json!([link["protected"], link["expiresAt"], link["on"]]), expected, "{change}: {changed:?}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (person, video) = owner().await;
    for wrong in [
        json!({ "password": "" }),
        json!({ "password": "a".repeat(201) }),
        json!({ "password": 7 }),
        json!({ "expiresAt": "tomorrow" }),
        json!({ "expiresAt": "2020-01-01T00:00:00Z" }),
        json!({ "expiresAt": "9999-01-01T00:00:00Z" }),
    ] {
        let made = person.post(&format!("/api/videos/{video}/links"), wrong.clone()).await;
        assert_eq!((made.status, &made.body["code"]), (400, &json!("INVALID_REQUEST")), "{wrong}: {made:?}");
        let changed = person.patch(&format!("/api/videos/{video}/links/{video}"), wrong.clone()).await;
        assert_eq!(changed.status, 400, "{wrong}: {changed:?}");
    }
    let sharing = person.get(&format!("/api/videos/{video}/sharing")).await.body;
    assert_eq!(
        (sharing["links"].as_array().map(Vec::len), &sharing["links"][0]["protected"]),
        (Some(1), &json!(false))
    );
}

#[tokio::test]
async fn the_first_link_stays() {
    let (person, video) = owner().await;
    let removed = person.delete(&format!("/api/videos/{video}/links/{video}")).await;
    assert_eq!((removed.status, &removed.body["code"]), (409, &json!("CONFLICT")), "{removed:?}");
    assert_eq!(person.get(&format!("/api/videos/{video}/sharing")).await.body["links"][0]["code"], json!(video));
}

#[tokio::test]
async fn links_are_of_one_video() {
    let (person, video) = owner().await;
    let other = person.create("Another").await;
    for (method, body) in [(Method::PATCH, json!({ "on": false })), (Method::DELETE, json!({}))] {
        let made = person.post(&format!("/api/videos/{other}/links"), json!({})).await;
        let code = made.body["links"].as_array().and_then(|links| links.last()).expect("a link")["code"].clone();
        let path = format!("/api/videos/{video}/links/{}", code.as_str().expect("a code"));
        assert_eq!(answer(person.request(method, &path).json(&body)).await.status, 404);
    }
    let links = person.get(&format!("/api/videos/{other}/sharing")).await.body["links"].clone();
    assert!(
        links.as_array().is_some_and(|links| links.len() == 3 && links.iter().all(|link| link["on"] == true)),
        "{links}"
    );
}

#[tokio::test]
async fn a_video_has_at_most_fifty_links() {
    let (person, video) = owner().await;
    let path = format!("/api/videos/{video}/links");
    for number in 1..50 {
        let made = person.post(&path, json!({})).await;
        assert_eq!(made.status, 201, "{number}: {made:?}");
    }
    let refused = person.post(&path, json!({})).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("CONFLICT")), "{refused:?}");
}
