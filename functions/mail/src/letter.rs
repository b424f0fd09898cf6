//! What a mail says.

use askama::Template;
use common::outbox::Mail;

use crate::digest;

/// A mail in words.
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Where mail programs end mails of this kind by themselves (RFC 8058).
    pub(crate) unsubscribe: Option<String>,
}

#[derive(Template)]
#[template(path = "login.txt")]
struct LoginText<'a> {
    host: &'a str,
    code: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginHtml<'a> {
    host: &'a str,
    code: &'a str,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "code.txt")]
struct CodeText<'a> {
    host: &'a str,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodeHtml<'a> {
    host: &'a str,
    code: &'a str,
}

#[derive(Template)]
#[template(path = "no_account.txt")]
struct NoAccountText<'a> {
    host: &'a str,
}

#[derive(Template)]
#[template(path = "no_account.html")]
struct NoAccountHtml<'a> {
    host: &'a str,
}

impl Letter {
    /// Writes a mail.
    pub(crate) fn new(mail: &Mail) -> Result<Self, askama::Error> {
        let sign_in = |to: &str, host: &str, text, html| Self {
            to: to.to_owned(),
            subject: words::login_mail().subject(host),
            text,
            html,
            unsubscribe: None,
        };
        Ok(match mail {
            Mail::Login { to, origin, code, link, .. } => {
                let host = host(origin);
                let text = LoginText { host, code, link }.render()?;
                sign_in(to, host, text, LoginHtml { host, code, link }.render()?)
            }
            Mail::Code { to, origin, code, .. } => {
                let host = host(origin);
                sign_in(to, host, CodeText { host, code }.render()?, CodeHtml { host, code }.render()?)
            }
            Mail::NoAccount { to, origin } => {
                let host = host(origin);
                sign_in(to, host, NoAccountText { host }.render()?, NoAccountHtml { host }.render()?)
            }
            Mail::Digest { to, origin, told, more, unsubscribe } => {
                digest::letter(to, origin, told, *more, unsubscribe)?
            }
        })
    }
}

impl Letter {
    /// The headers by which mail programs end such mails (RFC 2369, RFC 8058).
    pub(crate) fn leaving(&self) -> impl Iterator<Item = (&'static str, String)> {
        let address = self.unsubscribe.iter();
        address.flat_map(|address| {
            [
                ("List-Unsubscribe", format!("<{address}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ]
        })
    }
}

/// An origin without its scheme.
pub(crate) fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://cap.example.com/api/auth/callback/email?email=a%40b.c&token=x\"<y";

    fn login() -> Letter {
        let mail = Mail::Login {
            to: "ada@example.com".to_owned(),
            origin: "https://cap.example.com".to_owned(),
            code: "402815".to_owned(),
            link: LINK.to_owned(),
            expires_at: 0,
        };
        Letter::new(&mail).expect("a letter")
    }

    fn code() -> Letter {
        let mail = Mail::Code {
            to: "ada@example.com".to_owned(),
            origin: "https://cap.example.com".to_owned(),
            code: "402815".to_owned(),
            expires_at: 0,
        };
        Letter::new(&mail).expect("a letter")
    }

    fn no_account(origin: &str) -> Letter {
        let mail = Mail::NoAccount { to: "ada@example.com".to_owned(), origin: origin.to_owned() };
        Letter::new(&mail).expect("a letter")
    }

    /// Numbers of six digits that stand alone.
    fn codes(text: &str) -> Vec<&str> {
        let words = text.split(|character: char| !character.is_alphanumeric());
        words.filter(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit())).collect()
    }

    #[test]
    fn a_login_holds_its_code_and_its_link_once() {
        let letter = login();
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ada@example.com", "Sign in to cap.example.com"));
        assert_eq!(codes(&letter.text), ["402815"], "{}", letter.text);
        assert_eq!(codes(&letter.html), ["402815"], "{}", letter.html);
        let links: Vec<_> = letter.text.split_whitespace().filter(|word| word.contains("://")).collect();
        assert_eq!(links, [LINK]);
        assert_eq!(letter.html.matches("href=").count(), 1, "{}", letter.html);
        assert_eq!(letter.html.matches("://").count(), 1, "nothing is loaded: {}", letter.html);
        for said in ["10 minutes", "once", "browser"] {
            assert!(letter.text.contains(said) && letter.html.contains(said), "{said}");
        }
    }

    #[test]
    fn a_code_for_a_program_comes_without_a_link() {
        let letter = code();
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("ada@example.com", "Sign in to cap.example.com"));
        assert_eq!(codes(&letter.text), ["402815"], "{}", letter.text);
        assert_eq!(codes(&letter.html), ["402815"], "{}", letter.html);
        assert!(!letter.text.contains("://") && !letter.html.contains("href"), "{}", letter.html);
        for said in ["10 minutes", "once", "nobody else"] {
            assert!(letter.text.contains(said) && letter.html.contains(said), "{said}");
        }
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let html = login().html;
        let escaped = "https://cap.example.com/api/auth/callback/email?email=a%40b.c&#38;token=x&#34;&#60;y";
        assert!(html.contains(&format!("href=\"{escaped}\"")), "{html}");
        let html = no_account("https://<script>alert(1)</script>").html;
        assert!(!html.contains("<script") && html.contains("&#60;script"), "{html}");
    }

    #[test]
    fn without_an_account_there_is_nothing_to_follow() {
        let letter = no_account("http://127.0.0.1:3000");
        assert_eq!(letter.subject, "Sign in to 127.0.0.1:3000");
        assert!(letter.text.contains("127.0.0.1:3000") && letter.html.contains("127.0.0.1:3000"));
        assert!(codes(&letter.text).is_empty() && codes(&letter.html).is_empty());
        assert!(!letter.text.contains("://") && !letter.html.contains("href"), "{}", letter.html);
    }

    #[test]
    fn a_phone_shows_it_light_and_dark() {
        for html in [login().html, code().html, no_account("https://cap.example.com").html] {
            assert!(html.contains(r#"<meta name="color-scheme" content="light dark">"#), "{html}");
            assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("<link"), "{html}");
        }
    }
}
