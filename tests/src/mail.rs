//! Mail that the local cloud caught.

use serde::Deserialize;

use crate::{cloud::Cloud, wait::until};

/// A caught mail.
#[derive(Clone, Debug, Deserialize)]
pub struct Mail {
    /// Address of the sender.
    pub from: String,
    /// Addresses of who gets it.
    pub to: Vec<String>,
    /// Subject.
    pub subject: String,
    /// The part for programs without pictures.
    pub text: String,
    /// The part with looks.
    pub html: String,
}

impl Mail {
    /// The code of a login's mail: the one number of six digits that stands alone.
    #[must_use]
    pub fn code(&self) -> String {
        let words = self.text.split(|character: char| !character.is_alphanumeric());
        let codes: Vec<_> =
            words.filter(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit())).collect();
        assert_eq!(codes.len(), 1, "{}", self.text);
        codes[0].to_owned()
    }

    /// Its one link.
    #[must_use]
    pub fn link(&self) -> String {
        let links: Vec<_> = self.text.split_whitespace().filter(|word| word.starts_with("http")).collect();
        assert_eq!(links.len(), 1, "{}", self.text);
        links[0].to_owned()
    }
}

/// Mails to somebody, newest first.
pub async fn mails(cloud: &Cloud, to: &str) -> Vec<Mail> {
    let url = format!("{}/_local/mail", cloud.ready.base);
    let all = reqwest::Client::new().get(url).header("accept", "application/json").send().await.expect("the mailbox");
    let all: Vec<Mail> = all.json().await.expect("a list");
    all.into_iter().filter(|mail| mail.to == [to]).collect()
}

/// Waits until somebody has had so many mails; the newest.
pub async fn mail(cloud: &Cloud, to: &str, count: usize) -> Mail {
    until(&format!("mail number {count} to {to}"), async || {
        let mails = mails(cloud, to).await;
        (mails.len() >= count).then(|| mails[0].clone())
    })
    .await
}
