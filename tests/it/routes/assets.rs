//! `/static/{file}`: what pages load.

use reqwest::header::{ACCEPT_ENCODING, HeaderMap};
use tests::{cloud::cloud, person::client};

async fn load(path: &str, accepts: &str) -> (u16, HeaderMap, Vec<u8>) {
    let answer = client().get(format!("{}{path}", cloud().ready.base)).header(ACCEPT_ENCODING, accepts);
    let answer = answer.send().await.expect("the gateway");
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test]
async fn browsers_keep_what_pages_load_for_good() {
    for (path, kind) in [(assets::STYLE, "text/css; charset=utf-8"), (assets::SHARE, "text/javascript; charset=utf-8")]
    {
        let (found, _) = assets::find(path.trim_start_matches("/static/")).expect("an asset");
        let (status, headers, body) = load(path, "gzip, br").await;
        assert_eq!((status, headers["content-encoding"].as_bytes()), (200, b"br".as_slice()), "{path}");
        assert_eq!(body, found.brotli, "{path}");
        let (_, plain, text) = load(path, "gzip").await;
        assert_eq!((plain.get("content-encoding"), text.as_slice()), (None, found.text.as_bytes()), "{path}");
        for headers in [headers, plain] {
            assert_eq!(headers["content-type"], kind);
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(headers["vary"], "accept-encoding");
            assert_eq!(headers["x-content-type-options"], "nosniff");
        }
    }
}

/// While a deployment goes on, pages of one release ask the functions of the other.
#[tokio::test]
async fn what_another_release_names_is_answered_and_not_kept() {
    let (status, headers, body) = load("/static/site-000000000000.css", "br").await;
    assert_eq!((status, headers["cache-control"].as_bytes()), (200, b"no-store".as_slice()));
    assert!(!body.is_empty());
    let (status, ..) = load("/static/other-000000000000.css", "br").await;
    assert_eq!(status, 404);
}

/// Before anything plays, and with room to grow.
#[tokio::test]
async fn a_share_page_is_light() {
    let script = assets::find(assets::SHARE.trim_start_matches("/static/")).expect("the script").0;
    let style = assets::find(assets::STYLE.trim_start_matches("/static/")).expect("the stylesheet").0;
    // Gzip makes no more of a text than it was.
    assert!(
        script.text.len() <= 60_000 && style.brotli.len() <= 10_000,
        "{} {}",
        script.text.len(),
        style.brotli.len()
    );
}
