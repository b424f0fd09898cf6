//! §1.3 and §1.4: who is signed in, and where their recordings are kept.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Answer, Person, answer};

use crate::{
    ask::{User, open},
    row::{Row, essential, important},
};

const NOT_SAVED: &str = "on purpose 400 with a sentence, since nothing would be saved";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential("1.3 GET /api/desktop/plan", "upgraded is true; without a key it is 401", plan),
        essential(
            "1.3 GET /api/desktop/organizations",
            "one's own, with all seven fields as the app's schema wants",
            organizations,
        ),
        important(
            "1.3 GET /api/desktop/user/profile",
            "name, email and imageUrl; 401 only for whoever is signed out",
            profile,
        ),
        important("1.4 Storage settings", "none of it for whoever has no key", unauthenticated),
        important(
            "1.4 GET /api/desktop/s3/config/get",
            "the server's own storage: six strings, nothing managed",
            config,
        ),
        important("1.4 POST /api/desktop/s3/config", NOT_SAVED, || refused("POST /api/desktop/s3/config")),
        important("1.4 DELETE /api/desktop/s3/config/delete", "success", || {
            done("DELETE /api/desktop/s3/config/delete")
        }),
        important("1.4 POST /api/desktop/s3/config/test", NOT_SAVED, || refused("POST /api/desktop/s3/config/test")),
        important("1.4 GET /api/desktop/storage/integrations", "S3 is active, Drive is not connected", integrations),
        important("1.4 POST /api/desktop/storage/google-drive/connect", NOT_SAVED, || {
            refused("POST /api/desktop/storage/google-drive/connect")
        }),
        important("1.4 POST /api/desktop/storage/google-drive/test", "404 not_connected", test),
        important("1.4 POST /api/desktop/storage/set-active", "S3 is taken, Drive is 404 not_connected", active),
        important("1.4 DELETE /api/desktop/storage/google-drive/disconnect", "success", || {
            done("DELETE /api/desktop/storage/google-drive/disconnect")
        }),
        important(
            "1.4 GET /api/desktop/storage/google-drive/callback",
            "a page that says that nothing was done",
            callback,
        ),
    ]
}

async fn plan() {
    let user = User::new().await;
    for answered in
        [user.app.get("/api/desktop/plan").await, answer(user.app.webview(Method::GET, "/api/desktop/plan")).await]
    {
        assert_eq!((answered.status, &answered.body["upgraded"]), (200, &json!(true)));
        assert_eq!(answered.body.get("stripeSubscriptionStatus"), Some(&Value::Null));
    }
    assert_eq!(Person::stranger().get("/api/desktop/plan").await.status, 401);
}

async fn organizations() {
    let user = User::new().await;
    let listed = answer(user.app.webview(Method::GET, "/api/desktop/organizations")).await;
    assert_eq!(listed.status, 200);
    let own = listed.body[0].as_object().unwrap_or_else(|| panic!("an organisation; came {}", listed.body));
    let mut names: Vec<_> = own.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["brandColors", "canEditBrand", "iconUrl", "id", "name", "ownerId", "role"], "fields");
    assert_eq!((&own["ownerId"], &own["name"]), (&json!(user.person.id), &json!("My Organization")));
    assert!(["owner", "admin", "member"].iter().any(|role| own["role"] == *role), "a role; came {}", own["role"]);
    assert!(own["canEditBrand"].is_boolean() && (own["iconUrl"].is_null() || own["iconUrl"].is_string()));
    for color in ["primary", "secondary", "accent", "background"] {
        let color = own["brandColors"].get(color).unwrap_or_else(|| panic!("{color} in {}", own["brandColors"]));
        assert!(color.is_null() || color.is_string(), "a colour or null; came {color}");
    }
}

async fn profile() {
    let user = User::new().await;
    let shown = answer(user.app.webview(Method::GET, "/api/desktop/user/profile")).await;
    let expected = json!({ "name": "Ada", "email": user.person.email(), "imageUrl": null });
    assert_eq!((shown.status, shown.body), (200, expected));
    assert_eq!(Person::stranger().get("/api/desktop/user/profile").await.status, 401);
}

async fn config() {
    let user = User::new().await;
    let told = answer(user.app.webview(Method::GET, "/api/desktop/s3/config/get?orgId=0123456789abcde")).await;
    assert_eq!((told.status, &told.body["source"]), (200, &json!("default")));
    assert_eq!(told.body.get("managedByOrganization"), Some(&Value::Null));
    let config = json!({
        "provider": "aws", "accessKeyId": "", "secretAccessKey": "", "endpoint": "https://s3.amazonaws.com",
        "bucketName": "", "region": "us-east-1",
    });
    assert_eq!(told.body["config"], config);
}

/// Asks as the app's pages do.
async fn ask(user: &User, what: &str, body: &Value) -> Answer {
    let (method, path) = what.split_once(' ').expect("a method and a path");
    answer(user.app.webview(method.parse().expect("a method"), path).json(body)).await
}

async fn refused(what: &str) {
    let bucket = json!({
        "provider": "aws", "accessKeyId": "AKID", "secretAccessKey": "x", "endpoint": "https://s3.amazonaws.com",
        "bucketName": "mine", "region": "us-east-1",
    });
    let refused = ask(&User::new().await, what, &bucket).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"].as_str().is_some_and(|error| error.ends_with('.')), "a sentence in {}", refused.body);
}

async fn done(what: &str) {
    let done = ask(&User::new().await, what, &json!({})).await;
    assert_eq!((done.status, done.body), (200, json!({ "success": true })));
}

async fn unauthenticated() {
    let stranger = Person::stranger();
    for path in ["s3/config/get", "storage/integrations"] {
        assert_eq!(stranger.get(&format!("/api/desktop/{path}")).await.status, 401, "{path}");
    }
    for path in ["s3/config/delete", "storage/google-drive/disconnect"] {
        assert_eq!(stranger.delete(&format!("/api/desktop/{path}")).await.status, 401, "{path}");
    }
    for path in [
        "s3/config",
        "s3/config/test",
        "storage/set-active",
        "storage/google-drive/connect",
        "storage/google-drive/test",
    ] {
        let asked = stranger.post(&format!("/api/desktop/{path}"), json!({ "provider": "s3" })).await;
        assert_eq!(asked.status, 401, "{path}");
    }
}

async fn integrations() {
    let user = User::new().await;
    let path = "/api/desktop/storage/integrations?refreshStorageQuota=true&orgId=0123456789abcde";
    let told = answer(user.app.webview(Method::GET, path)).await;
    let drive = json!({
        "id": null, "connected": false, "active": false, "status": null, "displayName": null, "storageQuota": null,
    });
    let expected = json!({ "activeProvider": "s3", "managedByOrganization": null, "googleDrive": drive });
    assert_eq!((told.status, told.body), (200, expected));
}

/// Refused in the one word that the app knows.
fn not_connected(refused: &Answer) {
    assert_eq!((refused.status, &refused.body["error"]), (404, &json!("not_connected")));
}

async fn test() {
    not_connected(&ask(&User::new().await, "POST /api/desktop/storage/google-drive/test", &json!({})).await);
}

async fn active() {
    let (user, what) = (User::new().await, "POST /api/desktop/storage/set-active");
    let taken = ask(&user, what, &json!({ "provider": "s3" })).await;
    assert_eq!((taken.status, taken.body), (200, json!({ "success": true })));
    not_connected(&ask(&user, what, &json!({ "provider": "googleDrive" })).await);
}

async fn callback() {
    let page = open("/api/desktop/storage/google-drive/callback?code=x&state=y").await;
    assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"));
    assert!(page.text.contains("<h1>Google Drive cannot be connected</h1>"), "a sentence; came {}", page.text);
}
