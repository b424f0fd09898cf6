//! The bucket: there, to be written and read, open to pages of the site and to nobody else.

use aws_config::SdkConfig;
use common::{
    check::Check,
    config::ObjectsConfig,
    objects::{Objects, ObjectsError},
};

use crate::http::Http;

/// Whatever origin pages will have, when nobody said.
const ANY_ORIGIN: &str = "https://cap.example.com";

pub(super) async fn all(sdk: &SdkConfig, origin: Option<&str>) -> Vec<Check> {
    let (id, name) = ("bucket", "Bucket");
    let config = match ObjectsConfig::from_env() {
        Ok(config) => config,
        Err(error) => return vec![super::misconfigured(id, name, &error)],
    };
    let objects = Objects::new(config, sdk);
    let mut checks = vec![match objects.list("doctor/").await {
        Ok(_) => Check::good(id, name, "It is there, and may be listed."),
        Err(error) => return vec![refused(id, name, &error)],
    }];
    checks.push(match objects.rehearse().await {
        Ok(()) => Check::good("round_trip", "Storing", "An object was stored, read and removed."),
        Err(error) => refused("round_trip", "Storing", &error),
    });
    checks.extend([cors(&objects, origin).await, abandoned(&objects).await, versions(&objects).await]);
    checks.push(anonymous(&objects).await);
    checks
}

/// Name of S3's refusal, where it is one.
fn reason(error: &ObjectsError) -> &str {
    match error {
        ObjectsError::Call { reason, .. } => reason,
        _ => "",
    }
}

fn refused(id: &str, name: &str, error: &ObjectsError) -> Check {
    let (says, advice) = match reason(error) {
        "NoSuchBucket" | "NotFound" => (
            "There is no bucket of the name in MEDIA_BUCKET.",
            "Create it, or correct the name, the region or the endpoint.",
        ),
        "InvalidAccessKeyId" => ("The storage does not know the access key.", "Correct AWS_ACCESS_KEY_ID."),
        "SignatureDoesNotMatch" => {
            ("The secret key is not the one of this access key.", "Correct AWS_SECRET_ACCESS_KEY.")
        }
        "ExpiredToken" | "InvalidToken" => {
            ("The credentials have ended.", "Get new ones, with AWS_SESSION_TOKEN among them.")
        }
        "AccessDenied" | "Forbidden" => (
            "These credentials may not do this with the bucket.",
            "Allow s3:ListBucket on it, and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it.",
        ),
        "RequestTimeTooSkewed" => {
            ("This machine's clock and the storage's differ.", "Let both set their clocks by NTP.")
        }
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            ("The bucket is in another region.", "Set AWS_REGION to the bucket's.")
        }
        "" => ("The storage does not answer as S3 does.", "Look whether AWS_ENDPOINT_URL_S3 is the API's address."),
        words => return unnamed(id, name, words),
    };
    Check::wrong(id, name, says, advice)
}

/// What has no name of S3's: no connection, or no S3. The library's words may name addresses, and are not shown.
fn unnamed(id: &str, name: &str, words: &str) -> Check {
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if words.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let says = format!("The storage answers {words}.");
        return Check::wrong(id, name, says, "Look it up in the storage's manual.");
    }
    let (says, advice) = if has(&[
        "no credentials",
        "CredentialsNotLoaded",
        "CredentialsStageError",
        "credentials provider",
    ]) {
        ("There are no credentials.", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile.")
    } else if has(&["ConnectionRefused", "Connection refused", "ConnectError", "dns", "lookup"]) {
        (
            "Nobody answers at the storage's address.",
            "Correct AWS_ENDPOINT_URL_S3 and AWS_REGION, or start the storage.",
        )
    } else if has(&["region"]) {
        ("No region is given.", "Set AWS_REGION: us-east-1 where the storage has none.")
    } else if has(&["timeout", "Timeout"]) {
        ("The storage does not answer in time.", "Open its port to where this runs.")
    } else {
        (
            "What answers is not the API of S3.",
            "Set AWS_ENDPOINT_URL_S3 to the port of the API and not to that of a console (MinIO: 9000, and not 9001).",
        )
    };
    Check::wrong(id, name, says, advice)
}

async fn cors(objects: &Objects, origin: Option<&str>) -> Check {
    let (id, name) = ("cors", "CORS");
    match objects.lets_pages_store(origin.unwrap_or(ANY_ORIGIN)).await {
        Ok(true) => Check::good(id, name, "Pages may store recordings and read their ETag."),
        Ok(false) => Check::wrong(id, name, words::checks().stores_wrong, words::checks().stores_advice),
        Err(_) => {
            let says = "The bucket does not tell its CORS rules.";
            Check::unknown(id, name, says, "After the deployment, make doctor URL=… asks as a browser does.")
        }
    }
}

async fn abandoned(objects: &Objects) -> Check {
    let (id, name) = ("abandoned_uploads", "Abandoned uploads");
    match objects.drops_abandoned_uploads().await {
        Ok(true) => Check::good(id, name, words::checks().abandoned_good),
        Ok(false) => Check::wrong(id, name, words::checks().abandoned_wrong, words::checks().abandoned_advice),
        Err(_) => {
            let says = "The bucket does not tell its lifecycle rules.";
            Check::unknown(id, name, says, words::checks().abandoned_advice)
        }
    }
}

async fn versions(objects: &Objects) -> Check {
    let (id, name) = ("versions", "Versions");
    match objects.keeps_versions().await {
        Ok(false) => Check::good(id, name, "What is deleted is gone."),
        Ok(true) => {
            let says = "The bucket keeps older versions: what people delete stays, and is paid for.";
            Check::wrong(
                id,
                name,
                says,
                "Suspend versioning, or let a lifecycle rule expire noncurrent versions after a day.",
            )
        }
        Err(_) => {
            let says = "The bucket does not tell whether it keeps versions.";
            Check::unknown(id, name, says, "If it does, what people delete stays, and is paid for.")
        }
    }
}

/// Whether anybody may list it.
async fn anonymous(objects: &Objects) -> Check {
    let (id, name) = ("anonymous", "Anonymous access");
    let signed = objects.sign_get("doctor").await.unwrap_or_default();
    let object = signed.split('?').next().unwrap_or_default();
    let bucket = object.strip_suffix("doctor").unwrap_or(object).to_owned();
    let got =
        tokio::task::spawn_blocking(move || Http::new().get(&format!("{bucket}?list-type=2&max-keys=1"), &[])).await;
    match got {
        Ok(Ok(got)) if got.status == 200 => {
            let advice =
                "Block public access of the bucket, and remove its public policy and ACLs. Nothing here needs it.";
            Check::wrong(id, name, "Anybody may list the bucket without a signature.", advice)
        }
        Ok(Ok(_)) => Check::good(id, name, "Without a signature nobody lists."),
        _ => Check::unknown(id, name, "The storage did not answer a request without a signature.", "Run this again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_to_change() {
        let told = |reason: &str| {
            let error = ObjectsError::Call { call: "ListObjectsV2", reason: reason.to_owned() };
            refused("bucket", "Bucket", &error).advice.unwrap_or_default()
        };
        for (reason, expected) in [
            ("NoSuchBucket", "Create it"),
            ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
            ("PermanentRedirect", "AWS_REGION"),
            ("SlowDown", "manual"),
            ("dispatch failure: ConnectionRefused 10.0.0.7", "start the storage"),
            ("the credentials provider was not enabled: no credentials", "AWS_ACCESS_KEY_ID"),
            ("service error: unhandled error: unexpected EOF <html>", "console"),
        ] {
            assert!(told(reason).contains(expected), "{reason}: {}", told(reason));
        }
    }
}
