//! Who has an account is nobody's business, and who may open one is the operator's.

use mysql_async::{Opts, Pool, prelude::Queryable};
use reqwest::Method;
use tests::{
    cloud::Cloud,
    mail,
    visitor::{Page, Visitor, page},
};

/// A server that opens accounts for one domain only.
async fn company() -> &'static Cloud {
    let start = || -> &'static Cloud { Box::leak(Box::new(Cloud::with(&["AllowedSignupDomains=company.test"]))) };
    tokio::task::spawn_blocking(start).await.expect("a cloud")
}

fn colleague(cloud: &'static Cloud) -> Visitor {
    let mut visitor = Visitor::on(cloud);
    visitor.email = visitor.email.replace("@example.test", "@company.test");
    visitor
}

/// What MySQL has done so far: statements of each kind.
async fn statements(cloud: &Cloud) -> Vec<(String, u64)> {
    let pool = Pool::new(Opts::from_url(&cloud.ready.database_url).expect("an address"));
    let mut connection = pool.get_conn().await.expect("a connection");
    let sql = "SHOW GLOBAL STATUS WHERE Variable_name IN \
               ('Com_select', 'Com_insert', 'Com_update', 'Com_delete', 'Com_commit', 'Com_stmt_execute')";
    let counts: Vec<(String, String)> = connection.query(sql).await.expect("counters");
    drop(connection);
    pool.disconnect().await.expect("the end");
    counts.into_iter().map(|(name, count)| (name, count.parse().expect("a number"))).collect()
}

/// Asks for a login; the answer, and what MySQL did for it.
async fn ask(cloud: &Cloud, visitor: &Visitor, email: &str) -> (Page, Vec<(String, u64)>) {
    let csrf = visitor.csrf().await;
    let fields = [("email", email), ("csrfToken", &csrf), ("json", "true")];
    let before = statements(cloud).await;
    let answer = page(visitor.request(Method::POST, "/api/auth/signin/email").form(&fields)).await;
    let after = statements(cloud).await;
    let done = before.into_iter().zip(after).map(|((name, before), (_, after))| (name, after - before)).collect();
    (answer, done)
}

#[tokio::test]
async fn c20_known_and_unknown_addresses_get_the_same_answer_for_the_same_work() {
    let cloud = company().await;
    let (known, unknown, stranger) = (colleague(cloud), colleague(cloud), Visitor::on(cloud));
    known.sign_in().await;
    // The demo account is of another domain, and may still sign in.
    let asker = Visitor::on(cloud);
    let mut answers = Vec::new();
    for email in [&known.email, &unknown.email, &stranger.email, "demo@capstan.localhost"] {
        // Once, so that nothing is prepared or connected for the first time.
        ask(cloud, &asker, email).await;
        let (answer, done) = ask(cloud, &asker, email).await;
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        let text = answer.text.replace(&email.replace('@', "%40"), "EMAIL");
        answers.push((answer.status, headers, text, done));
    }
    assert_eq!(answers[0].0, 200, "{answers:?}");
    for answer in &answers[1..] {
        assert_eq!(answer, &answers[0]);
    }

    // The mail alone tells, and only who reads the mailbox.
    let refused = mail::mail(cloud, &stranger.email, 1).await;
    assert!(!refused.text.contains("token=") && !refused.html.contains("token="), "{refused:?}");
    assert!(mail::mail(cloud, "demo@capstan.localhost", 1).await.link().contains("token="));
    assert_eq!(stranger.who().await, None);
}

/// Asks for a code for a program; the answer, and what MySQL did for it.
async fn ask_for_program(cloud: &'static Cloud, email: &str) -> (u16, String, Vec<(String, u64)>) {
    let request = Visitor::on(cloud).request(Method::POST, "/api/mobile/session/email/request");
    let before = statements(cloud).await;
    let answer = page(request.form(&[("email", email)])).await;
    let after = statements(cloud).await;
    let done = before.into_iter().zip(after).map(|((name, before), (_, after))| (name, after - before)).collect();
    (answer.status, answer.text, done)
}

#[tokio::test]
async fn accounts_are_opened_for_allowed_domains_only() {
    let cloud = company().await;
    let welcome = colleague(cloud);
    welcome.sign_in().await;
    assert_eq!(welcome.who().await.as_ref(), Some(&welcome.email));
    let stranger = Visitor::on(cloud);
    let mail = stranger.ask().await;
    assert!(mail.text.contains("no account"), "{mail:?}");
    for code in ["100000", "123456"] {
        assert_eq!(stranger.type_code(code).await.status, 403);
    }
    assert_eq!(stranger.who().await, None);

    // The same for programs: a stranger's code is made, and told to nobody.
    let mut asked = Vec::new();
    for email in [&welcome.email, &colleague(cloud).email, &stranger.email] {
        ask_for_program(cloud, email).await;
        asked.push(ask_for_program(cloud, email).await);
    }
    assert_eq!(asked[0].0, 200, "{asked:?}");
    assert!(asked.iter().all(|one| *one == asked[0]), "the same answer for the same work: {asked:?}");
    let refused = mail::mail(cloud, &stranger.email, 3).await;
    assert!(refused.text.contains("no account"), "{refused:?}");
    let guess = [("email", stranger.email.as_str()), ("code", "123456")];
    let verify = stranger.request(Method::POST, "/api/mobile/session/email/verify").form(&guess);
    assert_eq!(page(verify).await.status, 403);
}
