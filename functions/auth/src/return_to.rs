//! Where a person goes on after login. Never off this site, whatever a link says.

/// Where to when nothing else is said.
pub(crate) const DEFAULT: &str = "/dashboard";
/// Characters of an address that are taken.
const MOST: usize = 2000;

/// The path, with its query, that `wanted` leads to on the site at `origin`: `wanted` is a path or an address of the site.
/// Anything else is the dashboard.
pub(crate) fn own_path<'a>(origin: &str, wanted: Option<&'a str>) -> &'a str {
    let Some(wanted) = wanted.filter(|wanted| wanted.len() <= MOST && wanted.bytes().all(is_plain)) else {
        return DEFAULT;
    };
    let path = wanted.strip_prefix(origin).unwrap_or(wanted);
    // Two slashes begin another host's address.
    if path.starts_with('/') && !path.starts_with("//") { path } else { DEFAULT }
}

/// Browsers read a backslash as a slash, and read over what does not print.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_kept() {
        let path = |wanted| own_path("https://cap.example.com", Some(wanted));
        assert_eq!(path("/s/abc?t=1"), "/s/abc?t=1");
        assert_eq!(
            path("https://cap.example.com/api/desktop/session/request?port=1&x=http://a"),
            "/api/desktop/session/request?port=1&x=http://a"
        );
        assert_eq!(own_path("https://cap.example.com", None), DEFAULT);
    }

    #[test]
    fn nothing_leads_off_the_site() {
        for wanted in [
            "",
            "dashboard",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/\r\nLocation: https://evil.test",
            " //evil.test",
            "https://evil.test/",
            "https://cap.example.com.evil.test/",
            "https://cap.example.com@evil.test/",
            "https://cap.example.com:444/",
            "https://cap.example.com//evil.test",
            "http://cap.example.com/",
            "javascript:alert(1)",
            "cap-desktop://signin",
            "/caf\u{e9}",
        ] {
            assert_eq!(own_path("https://cap.example.com", Some(wanted)), DEFAULT, "{wanted:?}");
        }
    }
}
