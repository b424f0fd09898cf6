//! Login while the mail provider is out.

use std::net::{Ipv4Addr, TcpListener};

use local::mail::Mailbox;
use serde_json::json;
use tests::{cloud::Cloud, mail::Mail, visitor::Visitor, wait::until};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn login_is_answered_while_the_mail_provider_is_down_and_the_mail_comes_when_it_is_back() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let start =
        move || -> &'static Cloud { Box::leak(Box::new(Cloud::with(&[&format!("SmtpUrl=smtp://127.0.0.1:{port}")]))) };
    let cloud = tokio::task::spawn_blocking(start).await.expect("a cloud");
    let ada = Visitor::on(cloud);
    let asked = ada.form("/api/auth/signin/email", &[("email", &ada.email)]).await;
    assert_eq!(asked.status, 303);
    // What the schedule does every minute.
    let look = async || {
        let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
        cloud.invoke_sync("mail", &event).await.0
    };
    until("a try to fail", async || (!look().await).then_some(())).await;

    let stop = CancellationToken::new();
    let (mailbox, _) = Mailbox::serve(port, stop.clone()).await.expect("an SMTP server");
    let mail = until("the mail", async || {
        look().await;
        let mails: Vec<Mail> = serde_json::from_value(mailbox.json()).expect("mails");
        mails.into_iter().next()
    })
    .await;
    assert_eq!(mail.to, [ada.email.as_str()]);
    assert_eq!(ada.type_code(&mail.code()).await.status, 303);
    assert_eq!(ada.who().await.as_ref(), Some(&ada.email));
    stop.cancel();
}
