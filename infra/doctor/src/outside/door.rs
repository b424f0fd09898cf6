//! The site's address, its clock, its pages, and the key.

use std::{
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use common::{check::Check, http::origin_of};
use jiff::fmt::rfc2822;

use super::{Visit, host_of};
use crate::http::{Got, Silence};

/// Seconds by which clocks may differ. S3 refuses signatures that are fifteen minutes off; codes end after ten.
const CLOCKS_SECONDS: i64 = 120;

/// How long a database that pauses may take to be awake.
const WAKING: Duration = Duration::from_secs(60);
/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(1);

/// How far the door opens.
pub(super) struct Door {
    pub(super) checks: Vec<Check>,
    /// Capstan answers.
    pub(super) answers: bool,
    /// There is a key, and it is somebody's.
    pub(super) signed_in: bool,
}

pub(super) fn all(visit: &Visit<'_>) -> Door {
    let got = match health(visit) {
        Ok(got) => got,
        Err(silence) => return Door { checks: vec![silent(visit, &silence)], answers: false, signed_in: false },
    };
    let (server, answers) = server(visit, &got);
    let mut checks = vec![server];
    checks.extend(encryption(visit));
    checks.push(clock(&got, "clock", "Clock", &visit.site.base));
    if !answers {
        return Door { checks, answers, signed_in: false };
    }
    checks.push(headers(visit));
    let (key, signed_in) = key(visit);
    checks.push(key);
    Door { checks, answers, signed_in }
}

/// Health, after a database that was asleep is awake.
fn health(visit: &Visit<'_>) -> Result<Got, Silence> {
    let begun = Instant::now();
    loop {
        let got = visit.http.get(&visit.url("/api/status"), &[])?;
        if got.json()["database"] != "no answer" || begun.elapsed() > WAKING {
            return Ok(got);
        }
        thread::sleep(PERIOD);
    }
}

fn silent(visit: &Visit<'_>, silence: &Silence) -> Check {
    let advice = match silence {
        Silence::Name => "Check the spelling, and the DNS record of the domain.",
        Silence::Refused => "Check host and port, and that whatever stands in front of the functions runs.",
        Silence::Late => "Check firewalls and security groups on the way, and the gateway's log.",
        Silence::Certificate => {
            "Get a certificate for exactly this name from a public authority, with its whole chain: apps and browsers \
             refuse others too."
        }
        Silence::Other(_) => "Check that the scheme is right: http and https are different ports.",
    };
    Check::wrong("server", "Server", silence.says(host_of(&visit.site.base)), advice)
}

fn server(visit: &Visit<'_>, got: &Got) -> (Check, bool) {
    let (id, name) = ("server", "Server");
    let health = got.json();
    if (300..400).contains(&got.status) {
        let target = origin_of(got.header("location")).to_owned();
        let says = format!("{} redirects to {target}.", visit.site.base);
        let advice = "Give that address to this, to Cap Desktop and as WebUrl: apps send keys and files to no other \
                      address than theirs.";
        return (Check::wrong(id, name, says, advice), false);
    }
    if health["status"].is_null() || health["database"].is_null() {
        let says = format!("Something else than Capstan answers at {} ({}).", visit.site.base, got.shown());
        let advice = "Check the address, and that the domain or proxy leads every path to the API of this stack.";
        return (Check::wrong(id, name, says, advice), false);
    }
    let parts = ["database", "objects", "ledger"];
    let broken: Vec<_> = parts.iter().filter(|part| health[**part] != "ok").copied().collect();
    let version = health["version"].as_str().unwrap_or_default();
    if broken.is_empty() {
        return (Check::good(id, name, format!("Capstan {version} answers, and what it needs answers it.")), true);
    }
    let says = format!("Capstan {version} answers, and does not reach: {}.", broken.join(", "));
    let advice = "Run this where the functions run, with their variables in the environment (docs/DOCTOR.md, Before anything \
                  is deployed): it says what each of them refuses. The metadata function's log says so too.";
    (Check::wrong(id, name, says, advice), true)
}

fn encryption(visit: &Visit<'_>) -> Option<Check> {
    let (id, name) = ("encryption", "Encryption");
    if visit.is_https() {
        return Some(Check::good(id, name, "The site is on https, and its certificate is good."));
    }
    (!visit.is_local()).then(|| {
        let advice = "Put a certificate in front and set WebUrl to the https address: keys, sessions and recordings can be read \
                      on the way, and browsers do not record a screen for pages without it.";
        Check::wrong(id, name, "The site is on http.", advice)
    })
}

/// An answer's own time beside this machine's.
pub(super) fn clock(got: &Got, id: &str, name: &str, whose: &str) -> Check {
    let Ok(told) = rfc2822::parse(got.header("date")) else {
        return Check::unknown(
            id,
            name,
            format!("{whose} does not tell the time."),
            "Let no proxy remove the header Date.",
        );
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let ahead = told.timestamp().as_second() - i64::try_from(now).unwrap_or_default();
    if ahead.abs() <= CLOCKS_SECONDS {
        return Check::good(id, name, "Its clock and this machine's agree.");
    }
    let (minutes, way) = (ahead.abs() / 60, if ahead > 0 { "ahead of" } else { "behind" });
    let says = format!("The clock of {whose} is {minutes} minutes {way} this machine's.");
    let advice = "Let whichever is wrong set its clock by NTP: S3 refuses what is signed fifteen minutes off, and login codes \
                  end too early or too late.";
    Check::wrong(id, name, says, advice)
}

/// What functions say with every page, and a proxy may take away.
fn headers(visit: &Visit<'_>) -> Check {
    let (id, name) = ("headers", "Security headers");
    let page = match visit.http.get(&visit.url("/login"), &[]) {
        Ok(page) if page.status == 200 => page,
        Ok(page) => {
            let says = format!("The login page answers {}.", page.shown());
            return Check::wrong(
                id,
                name,
                says,
                "Look at the auth function's log, and at whether /login is routed to it.",
            );
        }
        Err(silence) => return Check::unknown(id, name, silence.says(host_of(&visit.site.base)), "Run this again."),
    };
    let mut wanted = vec![
        ("content-security-policy", "script-src 'nonce-"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", ""),
    ];
    if visit.is_https() {
        wanted.push(("strict-transport-security", "max-age"));
    }
    let absent = |(name, part): &&(&str, &str)| page.header(name).is_empty() || !page.header(name).contains(*part);
    let missing: Vec<_> = wanted.iter().filter(absent).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Check::good(id, name, "Pages say what browsers may do with them.");
    }
    let says = format!("The login page comes without {}, or with another one.", missing.join(", "));
    Check::wrong(
        id,
        name,
        says,
        "Something in front of the functions removes or replaces these headers. Let it pass them on.",
    )
}

fn key(visit: &Visit<'_>) -> (Check, bool) {
    let (id, name) = ("key", "API key");
    let how = "Sign in with a mailbox that is named in Operators, make a key in the settings, and give it as KEY=….";
    if visit.site.key.is_none() {
        return (
            Check::unknown(id, name, "None was given, so nothing is uploaded and nothing asked from inside.", how),
            false,
        );
    }
    match visit.ask("GET", "/api/v1/me", None) {
        Ok(got) if got.status == 200 => (Check::good(id, name, "The key is good."), true),
        Ok(got) if got.status == 401 => {
            (Check::wrong(id, name, "The key is nobody's here, or was revoked.", how), false)
        }
        Ok(got) => {
            let says = format!("GET /api/v1/me answers {}.", got.shown());
            (Check::wrong(id, name, says, "Look at the metadata function's log."), false)
        }
        Err(silence) => (Check::unknown(id, name, silence.says(host_of(&visit.site.base)), "Run this again."), false),
    }
}
