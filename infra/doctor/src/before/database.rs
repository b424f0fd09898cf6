//! The database: reached, of a version that can be used, migrated, and to be migrated.

use common::{
    check::Check,
    config::DatabaseConfig,
    db::{
        Connection, Database, DbError,
        server::{self, About, NEWEST_MIGRATION, Unfit},
    },
    time::Millis,
    tokens,
};

/// Milliseconds by which two clocks may differ.
const CLOCKS_MILLIS: u64 = 120_000;

pub(super) async fn all() -> Vec<Check> {
    let (id, name) = ("database", "Connection");
    let opened = DatabaseConfig::from_env().and_then(|config| Database::new(&config));
    let db = match opened {
        Ok(db) => db,
        Err(error) => return vec![super::misconfigured(id, name, &error)],
    };
    let mut db = match db.connect().await {
        Ok(db) => db,
        Err(error) => return vec![unreachable(id, name, &error)],
    };
    let mut checks = vec![Check::good(id, name, "The database lets this user in.")];
    match server::about(&mut db).await {
        Ok(about) => checks.extend([version(&about), charset(&about), clock(&about)]),
        Err(error) => checks.push(unreachable("version", "Version", &error)),
    }
    checks.push(migrations(&mut db).await);
    checks.push(privileges(&mut db).await);
    checks
}

fn unreachable(id: &str, name: &str, error: &DbError) -> Check {
    let (says, advice) = match error.code() {
        Some(1045) => (
            "The database refuses user or password.",
            "Correct them in DATABASE_URL: what is no letter or digit is written in percents.",
        ),
        Some(1044 | 1142) => (
            "The user may not use the database in DATABASE_URL, or there is none of that name.",
            "Correct the name, or CREATE DATABASE … CHARACTER SET utf8mb4 and GRANT ALL PRIVILEGES on it to the user.",
        ),
        Some(1049) => (
            "There is no database of the name in DATABASE_URL.",
            "CREATE DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, or correct the name.",
        ),
        Some(code) => {
            return Check::wrong(
                id,
                name,
                format!("The database answers error {code}."),
                "Look it up in MySQL's manual.",
            );
        }
        None => return silent(id, name, &error.to_string()),
    };
    Check::wrong(id, name, says, advice)
}

/// Why there is no connection. The driver's words may name addresses, and are judged and not shown.
fn silent(id: &str, name: &str, why: &str) -> Check {
    let has = |words: &[&str]| words.iter().any(|word| why.contains(word));
    let (says, advice) = if has(&["UnknownIssuer", "UnknownCA", "self-signed"]) {
        (
            "An authority that nobody here knows has signed the database's certificate.",
            "Give its certificate as DATABASE_CA (make deploy: DATABASE_CA_FILE), such as the region's Amazon RDS root.",
        )
    } else if has(&["not valid for name", "NotValidForName"]) {
        ("The database's certificate is for another name.", "Use the name in DATABASE_URL that the certificate is for.")
    } else if has(&["certificate", "Expired"]) {
        (
            "The database's certificate cannot be believed.",
            "Renew it, or give the authority that signed it as DATABASE_CA.",
        )
    } else if has(&["does not support", "ssl", "SSL", "TLS", "tls"]) {
        ("The database speaks no TLS.", "Switch TLS on at the server: only a database on this machine is used without.")
    } else if has(&["refused"]) {
        ("Nobody listens at the host and port in DATABASE_URL.", "Correct them, or start the database.")
    } else if has(&["lookup", "Name or service", "resolve"]) {
        ("There is no host of the name in DATABASE_URL, seen from here.", "Correct it, or run this where it is known.")
    } else {
        (
            "The database does not answer in time.",
            "Open its port to where this runs: security groups, firewalls, a public address or none.",
        )
    };
    Check::wrong(id, name, says, advice)
}

fn version(about: &About) -> Check {
    let (id, name, says) = ("version", "Version", about.version.clone());
    match about.unfit() {
        None => Check::good(id, name, says),
        Some(Unfit::MariaDb) => Check::wrong(id, name, says, words::checks().database_maria_advice),
        Some(Unfit::Old) => Check::wrong(id, name, says, words::checks().database_old_advice),
    }
}

fn charset(about: &About) -> Check {
    let (id, name) = ("charset", "Character set");
    if about.charset == "utf8mb4" {
        return Check::good(id, name, "utf8mb4");
    }
    let says = format!("What is created gets {}, which does not have all letters.", about.charset);
    Check::wrong(id, name, says, "ALTER DATABASE … CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci.")
}

fn clock(about: &About) -> Check {
    let (id, name) = ("database_clock", "Clock");
    let apart = about.clock.0.abs_diff(Millis::now().0);
    if apart <= CLOCKS_MILLIS {
        return Check::good(id, name, "Its clock and this machine's agree.");
    }
    Check::wrong(id, name, words::checks().clock_apart(apart / 1000), words::checks().clock_advice)
}

async fn migrations(db: &mut Connection) -> Check {
    let (id, name) = ("migrations", "Schema");
    let needed = format!("V{NEWEST_MIGRATION:0>3}");
    match server::migration(db).await {
        Ok(Some(found)) if found.to_string() == NEWEST_MIGRATION => Check::good(id, name, needed),
        Ok(Some(found)) => Check::wrong(
            id,
            name,
            words::checks().schema_other(format!("V{found:03}"), needed),
            words::checks().schema_advice,
        ),
        Ok(None) => {
            let says = format!("It is empty. This release brings it to {needed}.");
            Check::unknown(
                id,
                name,
                says,
                "Nothing to do before the deployment, which runs the migrations before its functions.",
            )
        }
        Err(error) => unreachable(id, name, &error),
    }
}

/// Does what migrations do: a connection that succeeds says nothing of what it may be used for.
async fn privileges(db: &mut Connection) -> Check {
    let (id, name) = ("privileges", "Privileges");
    let Ok(random) = tokens::random_hex::<6>() else {
        return Check::unknown(id, name, "This machine has no random source.", "Run this elsewhere.");
    };
    match server::rehearse_migration(db, &format!("capstan_doctor_{random}")).await {
        Ok(()) => Check::good(id, name, "The user may create, alter, index, write and drop tables."),
        Err(error) => match error.code() {
            Some(1044 | 1142 | 1143 | 1227) => {
                let says =
                    "The user may not do what migrations do: create, alter, index, refer to, write and drop tables.";
                Check::wrong(id, name, says, "GRANT ALL PRIVILEGES ON the database TO the user.")
            }
            Some(1290 | 1836) => {
                let says = "The server is read-only.";
                Check::wrong(id, name, says, "Use the address of the writer, and not that of a replica.")
            }
            _ => unreachable(id, name, &error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_there_is_no_connection_is_told_without_the_drivers_words() {
        for (why, expected) in [
            ("database unavailable: Input/output error: invalid peer certificate: UnknownIssuer", "DATABASE_CA"),
            ("invalid peer certificate: certificate not valid for name \"x\"", "name in DATABASE_URL"),
            ("Connection refused (os error 111) 10.0.0.7", "start the database"),
            ("failed to lookup address information", "known"),
            ("no answer within 8 s", "security groups"),
            ("Server does not support SSL", "Switch TLS on"),
        ] {
            let check = silent("database", "Connection", why);
            assert!(check.advice.as_ref().is_some_and(|advice| advice.contains(expected)), "{why}: {check:?}");
            assert!(!check.says.contains("10.0.0.7"), "{check:?}");
        }
    }
}
