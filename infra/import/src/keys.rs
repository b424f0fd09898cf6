//! What people are signed in with: Cap Desktop and the `cap` command go on, once they are told the new server.

use common::{
    agent::Scopes,
    db::imports::{self, Kind, NewKey},
    ids::{ApiKey, UserId},
    secret::Secret,
    time::Millis,
    tokens,
};

use crate::{
    app::{App, ImportError},
    cap::{Cap, CapAgentKey, CapKey},
    report::{Fate, Report, What},
    users::shown,
};

/// Characters of what a key is called, and of what it was made for.
const NAME: usize = 100;
const SOURCE: usize = 32;

/// A key as it is in Cap, or why it is left out.
struct Found<'a> {
    what: What,
    /// What it is called in what is printed: nothing that signs in.
    which: String,
    hash: [u8; 32],
    user: &'a str,
    source: String,
    name: String,
    scopes: Option<Scopes>,
    created_at: Option<Millis>,
    expires_at: Option<Millis>,
}

pub(crate) async fn take(app: &App, cap: &mut Cap, report: &mut Report) -> Result<(), ImportError> {
    let mut after = Secret::new("");
    loop {
        let page = cap.keys(&after).await?;
        let Some(last) = page.last() else { break };
        after = last.key.clone();
        let found: Vec<_> = page.iter().filter_map(|key| desktop(key, report)).collect();
        take_page(app, &found, report).await?;
    }
    let mut after = String::new();
    loop {
        let page = cap.agent_keys(&after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        let found: Vec<_> = page.iter().filter_map(|key| agent(key, report)).collect();
        take_page(app, &found, report).await?;
    }
}

/// A key of the desktop, the extension or the phone.
fn desktop<'a>(key: &'a CapKey, report: &mut Report) -> Option<Found<'a>> {
    let which = format!("of {}", key.user);
    let Some(parsed) = ApiKey::parse(key.key.expose()) else {
        report.leave(What::DesktopKeys, &which, "it does not have the 36 characters of a key");
        return None;
    };
    let source = key.source.as_deref().filter(|source| !source.is_empty()).unwrap_or("desktop");
    Some(Found {
        what: What::DesktopKeys,
        which,
        hash: parsed.hash(),
        user: &key.user,
        source: source.chars().take(SOURCE).collect(),
        name: String::new(),
        scopes: None,
        created_at: key.created_at,
        expires_at: None,
    })
}

/// A key of the command, of which Cap has the hash alone: the same hash as here.
fn agent<'a>(key: &'a CapAgentKey, report: &mut Report) -> Option<Found<'a>> {
    let (which, scopes) = (format!("{} of {}", key.id, key.user), scopes(key.scopes.as_deref()));
    let why = match unhex(&key.hash) {
        _ if key.revoked => "it was taken back",
        _ if key.expires_at.is_some_and(|ends| ends <= Millis::now()) => "it has ended",
        // A key of the command without an end would not be good here.
        _ if key.expires_at.is_none() => "it has no end",
        _ if scopes.iter().next().is_none() => "it allows nothing that there is here",
        None => "its hash is no SHA-256",
        Some(hash) => {
            return Some(Found {
                what: What::AgentKeys,
                which,
                hash,
                user: &key.user,
                source: "cli".to_owned(),
                name: shown(key.name.as_deref().unwrap_or_default()).chars().take(NAME).collect(),
                scopes: Some(scopes),
                created_at: key.created_at,
                expires_at: key.expires_at,
            });
        }
    };
    report.leave(What::AgentKeys, &which, why);
    None
}

fn scopes(json: Option<&str>) -> Scopes {
    let names: Vec<String> = json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    Scopes::parse(&names.join(" "))
}

fn unhex(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.to_ascii_lowercase();
    if !tokens::is_hex(&digits, 64) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

async fn take_page(app: &App, page: &[Found<'_>], report: &mut Report) -> Result<(), ImportError> {
    let hashes: Vec<String> = page.iter().map(|key| tokens::hex(&key.hash)).collect();
    let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
    let owners: Vec<&str> = page.iter().map(|key| key.user).collect();
    let mut db = app.db().await?;
    let known = app.journal.find(&mut db, Kind::Key, &hashes).await?;
    let people = app.journal.people(&mut db, &owners).await?;
    for (key, hash) in page.iter().zip(hashes) {
        if known.contains_key(hash) {
            report.count(key.what, Fate::Known);
            continue;
        }
        let owner = match people.get(key.user) {
            Some((id, true)) => UserId::parse(id),
            Some((_, false)) => None,
            // A dry run has opened no account yet.
            None if app.dry_run => {
                report.count(key.what, Fate::Taken);
                continue;
            }
            None => None,
        };
        let taken = match (&owner, app.dry_run) {
            (Some(_), true) => true,
            (Some(owner), false) => imports::key(&mut db, &new(key, owner)).await?,
            (None, _) => false,
        };
        if taken {
            report.count(key.what, Fate::Taken);
        } else {
            report.leave(key.what, &key.which, "whose it is has no account here");
        }
    }
    Ok(())
}

fn new<'a>(key: &'a Found<'_>, owner: &'a UserId) -> NewKey<'a> {
    NewKey {
        hash: &key.hash,
        owner,
        source: &key.source,
        name: &key.name,
        scopes: key.scopes,
        created_at: key.created_at,
        expires_at: key.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn agent_key() -> CapAgentKey {
        let ends = Millis(Millis::now().0 + 60_000);
        let hash = tokens::hex(&Sha256::digest("cap_cli_x"));
        let scopes = Some(r#"["caps:read","caps:fly"]"#.to_owned());
        CapAgentKey {
            hash,
            scopes,
            expires_at: Some(ends),
            id: "k".to_owned(),
            user: "u".to_owned(),
            name: None,
            created_at: None,
            revoked: false,
        }
    }

    #[test]
    fn a_key_of_the_command_keeps_its_hash_its_end_and_what_it_allows() {
        let key = agent_key();
        let found = agent(&key, &mut Report::new(false)).expect("a key");
        assert_eq!(found.hash[..], Sha256::digest("cap_cli_x")[..]);
        assert_eq!(found.scopes.map(|scopes| scopes.to_string()).as_deref(), Some("caps:read"));
        assert_eq!(found.expires_at, key.expires_at);
    }

    #[test]
    fn a_key_of_the_command_that_is_over_or_allows_nothing_is_left_out() {
        for change in [
            |key: &mut CapAgentKey| key.revoked = true,
            |key: &mut CapAgentKey| key.expires_at = Some(Millis(1)),
            |key: &mut CapAgentKey| key.expires_at = None,
            |key: &mut CapAgentKey| key.scopes = Some(r#"["caps:fly"]"#.to_owned()),
            |key: &mut CapAgentKey| key.scopes = None,
            |key: &mut CapAgentKey| key.hash.push('0'),
            |key: &mut CapAgentKey| key.hash = "zz".repeat(32),
        ] {
            let (mut key, mut report) = (agent_key(), Report::new(false));
            change(&mut key);
            assert!(agent(&key, &mut report).is_none(), "{key:?}");
            assert_eq!(report.total(What::AgentKeys), 1);
        }
    }
}
