//! Local clouds: one that is right, and some that are deployed as they should not be.

use std::{fs, path::Path, process::Command, sync::OnceLock};

use tests::cloud::{Cloud, repository};

/// Nothing listens there.
pub(super) const NOBODY: &str = "127.0.0.1:1";

/// One that is right, whose demo account runs it. Nobody else uses it.
pub(super) async fn right() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    started(&CLOUD, Cloud::start).await
}

/// One whose bucket starts nothing for recordings, whose ledger keeps everything, whose mail server is nowhere and whose pages
/// say that they are on https.
pub(super) async fn deaf() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    let start = || {
        Cloud::altered(|command, state| {
            let changes = [
                ("Rules: [{Name: prefix, Value: videos/raw/}]", "Rules: [{Name: prefix, Value: videos/elsewhere/}]"),
                ("      TimeToLiveSpecification:\n        AttributeName: expires_at\n        Enabled: true\n", ""),
            ];
            template(command, state, &changes);
            for parameter in [format!("SmtpUrl=smtp://{NOBODY}"), "WebUrl=https://cap.example.test".to_owned()] {
                command.args(["--parameter", &parameter]);
            }
        })
    };
    started(&CLOUD, start).await
}

/// One without FFmpeg, and whose mail function opens with another key than is sealed with.
pub(super) async fn bare() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    let start = || {
        Cloud::altered(|command, state| {
            let key = "DATABASE_ENCRYPTION_KEY: !Sub \"{{resolve:secretsmanager:${EncryptionKey}}}\"\n";
            let of_mail = "          MEDIA_BUCKET: !Sub ${AWS::StackName}-media-${AWS::AccountId}\n          LEDGER_TABLE: !Ref \
                           LedgerTable\n          MAIL_TRANSPORT";
            let another = format!("DATABASE_ENCRYPTION_KEY: \"{}\"\n", "0f".repeat(32));
            template(command, state, &[(&format!("{key}{of_mail}"), &format!("{another}{of_mail}"))]);
            let empty = state.join("programs");
            fs::create_dir(&empty).expect("a folder");
            command.env("PATH", empty);
        })
    };
    started(&CLOUD, start).await
}

async fn started(cloud: &'static OnceLock<Cloud>, start: impl FnOnce() -> Cloud + Send + 'static) -> &'static Cloud {
    tokio::task::spawn_blocking(|| cloud.get_or_init(start)).await.expect("a cloud")
}

/// Starts from the template with some of it replaced.
fn template(command: &mut Command, state: &Path, changes: &[(&str, &str)]) {
    let mut template = fs::read_to_string(repository().join("template.yaml")).expect("template.yaml");
    for (before, after) in changes {
        assert!(template.contains(before), "template.yaml has no {before:?}");
        template = template.replace(before, after);
    }
    let file = state.join("template.yaml");
    fs::write(&file, template).expect("a template");
    command.arg("--template").arg(file);
}
