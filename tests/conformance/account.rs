//! §1.3 and §1.4: who is signed in, and where their recordings are kept.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Person, answer};

use crate::{
    ask::{User, open},
    row::{Row, essential, important},
};

const STORAGE: &str = "1.4 Storage settings";

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
        important(STORAGE, "s3/config/get: the server's own storage, six strings, nothing managed", config),
        important(
            STORAGE,
            "s3/config and its test: on purpose 400 with a sentence, since nothing would be saved",
            own_bucket,
        ),
        important(STORAGE, "s3/config/delete and google-drive/disconnect: success", forget),
        important(STORAGE, "storage/integrations: S3 is active, Drive is not connected", integrations),
        important(STORAGE, "storage/set-active: S3 is taken, Drive is 404 not_connected, as is its test", active),
        important(STORAGE, "storage/google-drive/connect: on purpose 400 with a sentence", connect),
        important(STORAGE, "storage/google-drive/callback: a page that says that nothing was connected", callback),
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

fn says_why(refused: &tests::person::Answer, path: &str) {
    assert_eq!(refused.status, 400, "{path}");
    assert!(refused.body["error"].as_str().is_some_and(|error| error.ends_with('.')), "a sentence in {}", refused.body);
}

async fn own_bucket() {
    let user = User::new().await;
    let bucket = json!({
        "provider": "aws", "accessKeyId": "AKID", "secretAccessKey": "x", "endpoint": "https://s3.amazonaws.com",
        "bucketName": "mine", "region": "us-east-1",
    });
    for path in ["/api/desktop/s3/config", "/api/desktop/s3/config/test"] {
        says_why(&answer(user.app.webview(Method::POST, path).json(&bucket)).await, path);
    }
}

async fn forget() {
    let user = User::new().await;
    for path in ["/api/desktop/s3/config/delete", "/api/desktop/storage/google-drive/disconnect"] {
        let forgotten = answer(user.app.webview(Method::DELETE, path)).await;
        assert_eq!((forgotten.status, forgotten.body), (200, json!({ "success": true })), "{path}");
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

async fn active() {
    let user = User::new().await;
    let ask = async |path: &str, body: Value| {
        let asked = answer(user.app.webview(Method::POST, &format!("/api/desktop/storage/{path}")).json(&body)).await;
        (asked.status, asked.body["success"].clone(), asked.body["error"].clone())
    };
    assert_eq!(ask("set-active", json!({ "provider": "s3" })).await, (200, json!(true), Value::Null));
    let refused = (404, Value::Null, json!("not_connected"));
    assert_eq!(ask("set-active", json!({ "provider": "googleDrive" })).await, refused);
    assert_eq!(ask("google-drive/test", json!({})).await, refused);
}

async fn callback() {
    let page = open("/api/desktop/storage/google-drive/callback?code=x&state=y").await;
    assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"));
    assert!(page.text.contains("<h1>Google Drive cannot be connected</h1>"), "a sentence; came {}", page.text);
}

async fn connect() {
    let user = User::new().await;
    let path = "/api/desktop/storage/google-drive/connect";
    says_why(&answer(user.app.webview(Method::POST, path).json(&json!({}))).await, path);
}
