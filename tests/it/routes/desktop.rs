//! What Cap Desktop asks for beside its recordings.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Person, answer, client},
    visitor::{Visitor, page},
};

#[tokio::test]
async fn everybody_has_everything() {
    let person = Person::new().await;
    let plan = person.get("/api/desktop/plan").await;
    assert_eq!((plan.status, plan.body), (200, json!({ "upgraded": true, "stripeSubscriptionStatus": null })));
    let subscribe = person.post("/api/desktop/subscribe", json!({ "priceId": "price_x" })).await;
    assert_eq!((subscribe.status, subscribe.body), (400, json!({ "error": true, "subscription": true })));
}

#[tokio::test]
async fn everybody_has_an_organization_of_their_own() {
    let person = Person::new().await;
    let organizations = person.get("/api/desktop/organizations").await;
    assert_eq!(organizations.status, 200);
    let own = &organizations.body[0];
    let colors = json!({ "primary": null, "secondary": null, "accent": null, "background": null });
    let expected = json!({
        "id": own["id"], "name": "My Organization", "ownerId": person.id, "role": "owner", "canEditBrand": false,
        "iconUrl": null, "brandColors": colors,
    });
    assert_eq!(organizations.body, json!([expected]));
    assert_eq!(own["id"].as_str().map(str::len), Some(15));
    let domain = person.get("/api/desktop/org-custom-domain").await;
    assert_eq!(domain.body, json!({ "custom_domain": null, "domain_verified": null }));
}

#[tokio::test]
async fn the_app_shows_who_is_signed_in() {
    let person = Person::new().await;
    let profile = person.get("/api/desktop/user/profile").await;
    assert_eq!(
        (profile.status, profile.body),
        (200, json!({ "name": "Ada", "email": person.email(), "imageUrl": null }))
    );
    let image = async || person.request(Method::GET, IMAGE).send().await.expect("the gateway");
    let none = image().await;
    assert_eq!((none.status().as_u16(), none.text().await.expect("a body").as_str()), (404, ""));

    let small = [b"\x89PNG\r\n\x1a\n\0\0\0\r".as_slice(), &[0xff; 1000]].concat();
    choose(&person, &small).await;
    assert!(person.get("/api/desktop/user/profile").await.body["imageUrl"].is_string());
    let shown = image().await;
    assert_eq!(shown.status(), 200, "{shown:?}");
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.headers()["cache-control"], "private, max-age=300");
    assert_eq!(shown.bytes().await.expect("a picture"), small);
}

const IMAGE: &str = "/api/desktop/user/profile/image";

/// Chooses a PNG as the picture that is shown.
async fn choose(person: &Person, png: &[u8]) {
    let body = json!({ "contentType": "image/png", "size": png.len() });
    let signed = person.post("/api/settings/user/avatar", body).await.body;
    let put = client().put(signed["url"].as_str().expect("an address")).header("content-type", "image/png");
    assert_eq!(put.body(png.to_vec()).send().await.expect("S3").status(), 200);
    assert_eq!(person.post("/api/settings/user/avatar/complete", json!({})).await.status, 200);
}

/// In Base64 the largest picture has more than the six megabytes of a function's answer.
#[tokio::test]
async fn the_largest_picture_is_shown_from_where_it_lies() {
    let person = Person::new().await;
    let large = [b"\x89PNG\r\n\x1a\n\0\0\0\r".as_slice(), &vec![7; (5 << 20) - 12]].concat();
    choose(&person, &large).await;
    let led = page(person.request(Method::GET, IMAGE)).await;
    assert_eq!(led.status, 302, "{led:?}");
    let shown = client().get(led.location()).send().await.expect("S3");
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(shown.bytes().await.expect("a picture"), large);
    let most = [b"\x89PNG\r\n\x1a\n\0\0\0\r".as_slice(), &vec![7; (4 << 20) - 12]].concat();
    choose(&person, &most).await;
    let shown = person.request(Method::GET, IMAGE).send().await.expect("the gateway");
    assert_eq!((shown.status().as_u16(), shown.bytes().await.expect("a picture").len()), (200, 4 << 20));
}

#[tokio::test]
async fn where_recordings_are_kept_is_told_as_it_is() {
    let person = Person::new().await;
    let config = person.get("/api/desktop/s3/config/get?orgId=0123456789abcde").await.body;
    assert_eq!((&config["source"], &config["managedByOrganization"]), (&json!("default"), &Value::Null));
    assert_eq!((&config["config"]["provider"], &config["config"]["accessKeyId"]), (&json!("aws"), &json!("")));
    let integrations = person.get("/api/desktop/storage/integrations?refreshStorageQuota=true").await.body;
    let drive = json!({
        "id": null, "connected": false, "active": false, "status": null, "displayName": null, "storageQuota": null,
    });
    assert_eq!(integrations, json!({ "activeProvider": "s3", "managedByOrganization": null, "googleDrive": drive }));
    let bucket = json!({
        "provider": "aws", "accessKeyId": "AKID", "secretAccessKey": "secret", "endpoint": "https://s3.amazonaws.com",
        "bucketName": "mine", "region": "us-east-1",
    });
    // Nothing is saved, and nothing says that it was.
    for path in ["s3/config", "s3/config/test", "storage/google-drive/connect"] {
        let refused = person.post(&format!("/api/desktop/{path}"), bucket.clone()).await;
        assert_eq!(refused.status, 400, "{path}");
        assert!(refused.body["error"].as_str().is_some_and(|error| error.ends_with('.')), "{refused:?}");
    }
    for path in ["s3/config/delete", "storage/google-drive/disconnect"] {
        assert_eq!(person.delete(&format!("/api/desktop/{path}")).await.body, json!({ "success": true }));
    }
    let active =
        async |provider: &str| person.post("/api/desktop/storage/set-active", json!({ "provider": provider })).await;
    assert_eq!(active("s3").await.body, json!({ "success": true }));
    let drive = active("googleDrive").await;
    assert_eq!((drive.status, &drive.body["error"]), (404, &json!("not_connected")));
    assert_eq!(active("tape").await.status, 400);
    let test = person.post("/api/desktop/storage/google-drive/test", json!({})).await;
    assert_eq!((test.status, &test.body["error"]), (404, &json!("not_connected")));
}

#[tokio::test]
async fn feedback_is_taken_as_a_form() {
    let person = Person::new().await;
    let send = |fields: &[(&str, &str)]| person.request(Method::POST, "/api/desktop/feedback").form(fields);
    let told = answer(send(&[("feedback", "The red button is too red"), ("os", "linux"), ("version", "0.5.9")])).await;
    assert_eq!((told.status, &told.body["success"]), (200, &json!(true)), "{told:?}");
    for fields in [&[("os", "linux")][..], &[("feedback", "  ")]] {
        assert_eq!(answer(send(fields)).await.status, 400, "{fields:?}");
    }
    let long = "x".repeat(1_000_000);
    assert_eq!(answer(send(&[("feedback", &long)])).await.status, 200);
}

/// What the app sends: parts without a type.
fn log(visitor: &Visitor, fields: &[(&str, &str)]) -> RequestBuilder {
    let part = |(name, value): &(&str, &str)| {
        format!("--Xb\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = fields.iter().map(part).collect::<String>() + "--Xb--\r\n";
    let post = visitor.request(Method::POST, "/api/desktop/logs");
    post.header("content-type", "multipart/form-data; boundary=Xb").body(body)
}

#[tokio::test]
async fn a_log_is_taken_from_anybody_and_not_without_end() {
    let visitor = Visitor::new();
    let fields = [("log", "line\nline"), ("os", "macos"), ("version", "0.5.9"), ("diagnostics", "{\"cpu\":1}")];
    let taken = page(log(&visitor, &fields)).await;
    assert_eq!((taken.status, &taken.json()["success"]), (200, &json!(true)), "{taken:?}");
    let large = "é".repeat(1_000_000);
    assert_eq!(page(log(&visitor, &[("log", &large), ("diagnostics", &large)])).await.status, 200);
    assert_eq!(page(log(&visitor, &[("os", "macos")])).await.status, 400);
    let mut refused = 0;
    for _ in 0..40 {
        refused += u32::from(page(log(&visitor, &fields)).await.status == 429);
    }
    assert!(refused > 5, "{refused}");
    assert_eq!(page(log(&Visitor::new(), &fields)).await.status, 200, "from another address");
}

#[tokio::test]
async fn what_the_app_polls_is_answered() {
    let base = &cloud().ready.base;
    let head = client().head(format!("{base}/")).send().await.expect("the site");
    assert_eq!(head.status(), 200);
    assert!(head.bytes().await.expect("a body").is_empty());
    let front = page(client().get(format!("{base}/"))).await;
    assert_eq!((front.status, front.location()), (302, format!("{base}/dashboard").as_str()));
    let get = async |path: &str| answer(client().get(format!("{base}{path}"))).await;
    assert_eq!(get("/api/changelog?origin=tauri://localhost").await.body, json!([]));
    assert_eq!(get("/api/changelog/status?version=0.5.9").await.body, json!({ "hasUpdate": false }));
    for path in ["/api/currency", "/api/desktop/currency"] {
        assert_eq!(get(path).await.body, json!({ "currency": "usd", "country": null }));
    }
    let plain = client().get(format!("{base}/api/changelog")).send().await.expect("the site");
    assert_eq!(plain.headers()["content-type"], "application/json", "anything else is read as text");
}
