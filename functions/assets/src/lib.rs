//! The stylesheet and the scripts of all pages. An address tells the content, so browsers keep what it leads to for good.

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file that pages load.
#[derive(Debug)]
pub struct Asset {
    stem: &'static str,
    hash: &'static str,
    ending: &'static str,
    /// The content.
    pub text: &'static str,
    /// The content, compressed by brotli (RFC 7932).
    pub brotli: &'static [u8],
}

impl Asset {
    /// What it is.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        if self.ending == "css" { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" }
    }
}

/// The file that an address's last part leads to, and whether this is the very content that the address tells. While a
/// deployment goes on, pages of one release ask the functions of the other: they get what there is.
#[must_use]
pub fn find(name: &str) -> Option<(&'static Asset, bool)> {
    let (stem, rest) = name.rsplit_once('-')?;
    let (hash, ending) = rest.split_once('.')?;
    let found = ALL.iter().find(|asset| asset.stem == stem && asset.ending == ending)?;
    Some((found, found.hash == hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_to_what_they_tell() {
        for address in [STYLE, TALK, DASHBOARD, SHARE, FRAME, ACCOUNT, OPENING, REFERENCE] {
            let name = address.strip_prefix("/static/").expect("an address of the route");
            let (found, exact) = find(name).expect("an asset");
            assert!(exact && !found.text.is_empty() && found.brotli.len() < found.text.len(), "{address}");
        }
    }

    #[test]
    fn another_release_gets_what_there_is() {
        let (found, exact) = find("site-000000000000.css").expect("the stylesheet");
        assert!(!exact && found.content_type().starts_with("text/css"));
    }

    #[test]
    fn there_is_nothing_else() {
        for name in ["", "site.css", "site-.js", "-.css", "../site-0.css", "site-0.css.br", "0-site.css"] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
