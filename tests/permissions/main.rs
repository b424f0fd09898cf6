//! Least privilege, both ways: what the local clouds of the test binaries before this one were asked for, against the
//! policies in template.yaml. They refuse what a function may not do, so a grant that is missing fails a test there; here it
//! fails also where a function got over the refusal, and a grant that nothing needed fails too.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use local::{
    iam::{Grant, Line, granted},
    template::{Inputs, Template},
};
use tests::{cloud::repository, permissions::records};

/// Granted and not used in a local cloud, with the reason.
const EXEMPT: [(&str, &str); 1] = [("ses:SendEmail", "the local cloud has no SES: mail leaves it by SMTP")];

/// What the template grants with everything on that grants something.
fn all_granted() -> BTreeSet<Grant> {
    let parameters = [
        ("DatabaseUrl", "mysql://user:password@127.0.0.1/capstan"),
        ("MailTransport", "ses"),
        ("MailFrom", "login@example.com"),
        ("TinybirdUrl", "https://api.tinybird.co"),
        ("TinybirdToken", "token"),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let inputs = Inputs { parameters, api_endpoint: "http://127.0.0.1:1".to_owned(), secrets: BTreeMap::new() };
    let template = Template::load(&repository().join("template.yaml"), &inputs).expect("the template");
    template.functions.iter().flat_map(granted).collect()
}

/// The records, or nothing where no cloud has run; that is said past the test harness, which would swallow it.
fn recorded() -> Option<Vec<Line>> {
    let lines = records();
    if lines.is_empty() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: nothing was recorded of the functions as they are now built. \
             Run the tests `it` and `conformance` first, as make test does."
        );
        return None;
    }
    Some(lines)
}

#[test]
fn every_function_may_do_what_it_does() {
    let lines = recorded().unwrap_or_default();
    let refused: Vec<_> = lines.iter().filter(|line| matches!(line, Line::Refused { .. })).collect();
    assert!(refused.is_empty(), "functions asked for what template.yaml does not grant them: {refused:#?}");
}

#[test]
fn every_function_does_what_it_may_do() {
    let Some(lines) = recorded() else { return };
    let used: BTreeSet<_> =
        lines.into_iter().filter_map(|line| if let Line::Used(grant) = line { Some(grant) } else { None }).collect();
    let exempt = |grant: &&Grant| EXEMPT.iter().any(|(action, _)| grant.what == *action);
    let granted = all_granted();
    let unused: Vec<_> = granted.difference(&used).filter(|grant| !exempt(grant)).collect();
    assert!(
        unused.is_empty(),
        "template.yaml grants what no test needed. Remove it there, or add the test that needs it; if only some of the tests \
         `it` and `conformance` have run, run all of them: {unused:#?}"
    );
}

#[test]
fn what_is_exempt_is_granted() {
    let granted = all_granted();
    for (action, reason) in EXEMPT {
        assert!(
            granted.iter().any(|grant| grant.what == action),
            "{action} is exempt ({reason}) and granted to nobody"
        );
    }
}
