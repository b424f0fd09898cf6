//! Functions without their configuration.

use std::process::Command;

use tests::cloud::programs;

/// A function, what it is given, and what it then misses.
type Start = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// What each function reads first of what it cannot do without, and all that comes before it.
const FIRST: [Start; 12] = [
    ("migrate", &[], "DATABASE_URL"),
    ("auth", &[], "DATABASE_URL"),
    ("presign", &[], "DATABASE_URL"),
    ("metadata", &[], "DATABASE_URL"),
    ("share", &[], "DATABASE_URL"),
    ("notify", &[], "DATABASE_URL"),
    ("transcode", &[], "DATABASE_URL"),
    ("mail", &[], "MAIL_TRANSPORT"),
    ("mail", &[("MAIL_TRANSPORT", "smtp")], "SMTP_URL"),
    ("forward", &[], "LEDGER_TABLE"),
    ("presign", &[("DATABASE_URL", "mysql://u:hush@127.0.0.1/d")], "MEDIA_BUCKET"),
    ("metadata", &[("DATABASE_URL", "mysql://u:hush@127.0.0.1/d"), ("MEDIA_BUCKET", "b")], "LEDGER_TABLE"),
];

#[test]
fn d5_what_is_missing_is_named_when_a_function_starts() {
    for (function, given, missing) in FIRST {
        let mut command = Command::new(programs().join(function));
        let started = command.env_clear().envs(given.iter().copied()).output().expect(function);
        let said = format!("{}{}", String::from_utf8_lossy(&started.stdout), String::from_utf8_lossy(&started.stderr));
        assert!(!started.status.success(), "{function}: {said}");
        assert!(said.contains(missing) && !said.contains("hush"), "{function}: {said}");
    }
}
