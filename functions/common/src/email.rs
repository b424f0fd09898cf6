//! Addresses of mailboxes.

use std::fmt;

/// Characters of an address (RFC 5321 §4.5.3.1.3, less the angle brackets) and of its local part (§4.5.3.1.1).
const MOST: usize = 254;
const MOST_LOCAL: usize = 64;

/// A mailbox: an address in lower case and ASCII, so that one mailbox is one account, however it is typed, and nothing
/// that only looks like it is another. Not shown by `Debug`: an address is nobody's business in a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// `text` as an address, if it is one: a dot-string of RFC 5321 §4.1.2 and a host name, without quotes, comments and
    /// literals, which no mailbox of a person has.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches(' ').to_ascii_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
        let fits = text.len() <= MOST && local.len() <= MOST_LOCAL;
        (fits && local.split('.').all(atom) && domain.split('.').all(is_label)).then_some(Self(text))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// RFC 5322 §3.2.3.
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

/// RFC 1123 §2.1.
fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_is_one_address() {
        for text in ["Ada.Lovelace+cap@Example.TEST", " ada.lovelace+cap@example.test "] {
            assert_eq!(Email::parse(text).expect(text).as_str(), "ada.lovelace+cap@example.test");
        }
        assert_eq!(Email::parse("ada@mail.example.test").expect("an address").domain(), "mail.example.test");
        assert_eq!(format!("{:?}", Email::parse("ada@example.test")), "Some([address])");
    }

    #[test]
    fn what_is_no_mailbox_is_refused() {
        let long = format!("{}@example.test", "a".repeat(65));
        let longer = format!("a@{}test", "example.".repeat(40));
        for text in [
            "",
            "ada",
            "@example.test",
            "ada@",
            "ada@exa mple.test",
            "ada@@example.test",
            "a..b@example.test",
            ".ada@example.test",
            "ada@-example.test",
            "ada@example..test",
            "ada@[127.0.0.1]",
            "\"ada\"@example.test",
            "ada <ada@example.test>",
            "ada@example.test\r\nBcc: eve@example.test",
            "ada@example.test\n",
            "ada,eve@example.test",
            "ada@example.test,eve@example.test",
            "\u{430}da@example.test",
            "ada@ex\u{e4}mple.test",
            "ad\u{e1}@example.test",
            "ada\u{200b}@example.test",
            "\u{ff41}da@example.test",
            &long,
            &longer,
        ] {
            assert_eq!(Email::parse(text), None, "{text:?}");
        }
    }
}
