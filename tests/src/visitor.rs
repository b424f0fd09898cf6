//! Somebody with a browser: cookies are kept, forms carry their token, redirects are looked at.

use std::{net::IpAddr, sync::Arc};

use common::ids::UserId;
use reqwest::{
    Client, Method, RequestBuilder,
    cookie::{CookieStore, Jar},
    header::HeaderMap,
    redirect::Policy,
};
use serde_json::Value;

use crate::{
    cloud::{Cloud, cloud},
    mail::{self, Mail},
};

/// Name of the session's cookie.
pub const SESSION: &str = "next-auth.session-token";
/// Name of the browser's own cookie.
pub const BROWSER: &str = "next-auth.csrf-token";

/// A browser with nothing remembered, and a mailbox that is nobody else's.
pub struct Visitor {
    /// The mailbox.
    pub email: String,
    cloud: &'static Cloud,
    http: Client,
    jar: Arc<Jar>,
}

/// An answer, as a browser gets it.
#[derive(Debug)]
pub struct Page {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Page {
    /// Where it leads.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// A header, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The value of a hidden field.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start).unwrap_or_else(|| panic!("no field {name}: {}", self.text));
        unescape(rest.split('"').next().unwrap_or_default())
    }
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#60;", "<").replace("&#62;", ">").replace("&#39;", "'")
}

impl Visitor {
    /// Somebody new, on the shared cloud.
    #[must_use]
    pub fn new() -> Self {
        Self::on(cloud())
    }

    /// Somebody new, on another one.
    #[must_use]
    pub fn on(cloud: &'static Cloud) -> Self {
        Self::from(cloud, somewhere())
    }

    /// Somebody new, at this address.
    #[must_use]
    pub fn from(cloud: &'static Cloud, address: IpAddr) -> Self {
        let name = UserId::random().expect("random");
        let jar = Arc::new(Jar::default());
        let http = Client::builder().redirect(Policy::none()).cookie_provider(Arc::clone(&jar)).local_address(address);
        Self { email: format!("{name}@example.test"), cloud, http: http.build().expect("a client"), jar }
    }

    /// The same browser at another address, as a phone that goes from one network to the next.
    #[must_use]
    pub fn moved(&self) -> Self {
        let moved = Self { email: self.email.clone(), ..Self::on(self.cloud) };
        for name in [SESSION, BROWSER] {
            if let Some(value) = self.cookie(name) {
                moved.set_cookie(name, &value);
            }
        }
        moved
    }

    /// Another browser of the same person.
    #[must_use]
    pub fn elsewhere(&self) -> Self {
        Self { email: self.email.clone(), ..Self::on(self.cloud) }
    }

    /// The cloud they visit.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.cloud.ready.base
    }

    /// A request of this browser; `path` may be a whole address.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base()) };
        self.http.request(method, url)
    }

    /// Opens an address.
    pub async fn get(&self, path: &str) -> Page {
        page(self.request(Method::GET, path)).await
    }

    /// The token that this browser's forms carry.
    pub async fn csrf(&self) -> String {
        let answer = self.get("/api/auth/csrf").await;
        answer.json()["csrfToken"].as_str().expect("a token").to_owned()
    }

    /// Sends a form of this site, which carries its token.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf().await;
        let fields = [fields, &[("csrfToken", csrf.as_str())]].concat();
        page(self.request(Method::POST, path).form(&fields)).await
    }

    /// Sends JSON as a script of this site does.
    pub async fn json(&self, method: Method, path: &str, body: Value) -> Page {
        page(self.request(method, path).header("origin", self.base()).json(&body)).await
    }

    /// Asks for a login; its mail.
    pub async fn ask(&self) -> Mail {
        let before = mail::mails(self.cloud, &self.email).await.len();
        let asked = self.form("/api/auth/signin/email", &[("email", &self.email)]).await;
        assert_eq!(asked.status, 303, "{asked:?}");
        mail::mail(self.cloud, &self.email, before + 1).await
    }

    /// Types a code.
    pub async fn type_code(&self, code: &str) -> Page {
        self.form("/api/auth/callback/email", &[("email", &self.email), ("token", code)]).await
    }

    /// Opens a mail's link and presses its button.
    pub async fn press_button(&self, link: &str) -> Page {
        let page = self.get(link).await;
        assert_eq!(page.status, 200, "{page:?}");
        let fields = ["email", "token", "callbackUrl"].map(|name| (name, page.field(name)));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.form("/api/auth/callback/email", &fields).await
    }

    /// Signs in by the code of a mail.
    pub async fn sign_in(&self) {
        let code = self.ask().await.code();
        let signed_in = self.type_code(&code).await;
        assert_eq!(signed_in.status, 303, "{signed_in:?}");
    }

    /// Somebody new who is signed in.
    pub async fn signed_in() -> Self {
        let visitor = Self::new();
        visitor.sign_in().await;
        visitor
    }

    /// Token of a session of its own that Cap Desktop is given by whoever is signed in with this browser.
    pub async fn program(&self) -> String {
        let handed = self.form("/api/desktop/session/request", &[("type", "session"), ("port", "53124")]).await;
        assert_eq!(handed.status, 302, "{handed:?}");
        let address = reqwest::Url::parse(handed.location()).expect("an address");
        let token = address.query_pairs().find(|(name, _)| name == "token").expect("a token");
        token.1.into_owned()
    }

    /// Address of who is signed in with this browser.
    pub async fn who(&self) -> Option<String> {
        let session = self.get("/api/auth/session").await.json();
        session["user"]["email"].as_str().map(str::to_owned)
    }

    /// Id of who is signed in with this browser.
    pub async fn id(&self) -> String {
        let session = self.get("/api/auth/session").await.json();
        session["user"]["id"].as_str().expect("somebody").to_owned()
    }

    /// A cookie that this browser has.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        let url = self.base().parse().expect("an address");
        let all = self.jar.cookies(&url)?;
        let pairs = all.to_str().expect("text").split("; ").filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_owned())
    }

    /// Puts a cookie into this browser, as somebody who stole it does.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/"), &self.base().parse().expect("an address"));
    }
}

/// An address of one's own, so that people do not use up each other's limits. Elsewhere than on Linux a machine has one
/// loopback address unless it is given more.
///
/// # Panics
///
/// When the machine has no random source.
#[must_use]
pub fn somewhere() -> IpAddr {
    let random = UserId::random()
        .expect("random")
        .as_str()
        .bytes()
        .fold(1_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let [_, a, b, c] = random.to_be_bytes();
    IpAddr::from(if cfg!(target_os = "linux") { [127, a, b, c.clamp(2, 254)] } else { [127, 0, 0, 1] })
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}

/// Sends a request as a browser would, without following where it leads.
pub async fn page(request: RequestBuilder) -> Page {
    let answer = request.send().await.expect("the gateway");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Page { status, headers, text: answer.text().await.expect("a body") }
}
