//! Where an object is: recordings and pictures in the media bucket; jobs and mails in the deployment's own, whose notifications
//! start functions. Both are one unless the media bucket is another provider's.

use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        SharedCredentialsProvider,
    },
};

use super::{Objects, ObjectsError, keys};
use crate::config::{ForeignS3, ObjectsConfig};

/// The deployment's own bucket, where the media bucket is another one.
#[derive(Clone, Debug)]
pub(super) struct Own {
    client: Client,
    bucket: String,
}

impl Objects {
    /// A client for the bucket; makes no call.
    #[must_use]
    pub fn new(config: ObjectsConfig, sdk: &SdkConfig) -> Self {
        let own = Client::from_conf(sparing(sdk).force_path_style(config.path_style).build());
        let Some(foreign) = config.foreign else {
            let credentials = sdk.credentials_provider();
            let (signer, bucket) = (own.clone(), config.bucket);
            return Self { client: own, signer, credentials, bucket, own: None, cdn: None, usage: Arc::default() };
        };
        let credentials = credentials(&foreign);
        let at = |endpoint: &str| {
            let client = sparing(sdk).endpoint_url(endpoint).force_path_style(true);
            let client = client.region(Region::new(foreign.region.clone())).credentials_provider(credentials.clone());
            Client::from_conf(client.build())
        };
        Self {
            client: at(&foreign.endpoint),
            signer: at(foreign.public_endpoint.as_ref().unwrap_or(&foreign.endpoint)),
            bucket: foreign.bucket.clone(),
            own: Some(Own { client: own, bucket: config.bucket }),
            cdn: None,
            usage: Arc::default(),
            credentials: Some(credentials.clone()),
        }
    }

    /// True when a recording's arrival is announced to the functions. Where it is not, they look for it themselves.
    #[must_use]
    pub fn announces(&self) -> bool {
        self.own.is_none()
    }

    /// Says that an upload is there, whose client has told so. Nothing happens where S3 announces it.
    pub async fn announce(&self, upload: &str) -> Result<(), ObjectsError> {
        match keys::publish_job(upload) {
            Some(job) if !self.announces() => self.ask(&job).await,
            _ => Ok(()),
        }
    }

    /// Whom to ask for the object at a key or the objects below a prefix, for one call, and in which bucket.
    pub(super) fn place(&self, key: &str) -> (&Client, &str) {
        match &self.own {
            Some(own) if keys::is_work(key) => {
                self.usage.call();
                (&own.client, &own.bucket)
            }
            _ => (self.call(), &self.bucket),
        }
    }

    /// Every bucket, each with whom to ask for it.
    pub(super) fn places(&self) -> impl Iterator<Item = (&Client, &str)> {
        let own = self.own.iter().map(|own| (&own.client, own.bucket.as_str()));
        std::iter::once((&self.client, self.bucket.as_str())).chain(own)
    }
}

/// Checksums only where S3 demands them: the SDK's default ones break signed PUTs on other S3 servers.
fn sparing(sdk: &SdkConfig) -> Builder {
    Builder::from(sdk)
        .behavior_version(BehaviorVersion::latest())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}

fn credentials(foreign: &ForeignS3) -> SharedCredentialsProvider {
    let secret = foreign.secret_access_key.expose();
    SharedCredentialsProvider::new(Credentials::new(&foreign.access_key_id, secret, None, None, "S3_ACCESS_KEY_ID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn foreign(public_endpoint: Option<&str>) -> Objects {
        let foreign = ForeignS3 {
            endpoint: "http://minio:9000".to_owned(),
            public_endpoint: public_endpoint.map(str::to_owned),
            region: "auto".to_owned(),
            bucket: "media".to_owned(),
            access_key_id: "AKID".to_owned(),
            secret_access_key: Secret::new("secret"),
        };
        let config = ObjectsConfig { bucket: "own".to_owned(), path_style: false, foreign: Some(foreign) };
        Objects::new(config, &SdkConfig::builder().region(Region::new("eu-west-1")).build())
    }

    async fn signed(objects: &Objects) -> Vec<String> {
        vec![
            objects.sign_put("videos/raw/x.mp4").await.expect("an address"),
            objects.sign_get("videos/raw/x.mp4").await.expect("an address"),
            objects.sign_head("videos/raw/x.mp4", None).await.expect("an address"),
            objects.sign_part("videos/raw/x.mp4", "id", 1, None).await.expect("an address"),
            objects.sign_put_exactly("avatars/x/upload", "image/png", 7).await.expect("an address").url,
            objects.sign_get_as("avatars/x/y", "image/png").await.expect("an address"),
            objects.sign_download("videos/raw/x.mp4", None, "x.mp4", "video/mp4").await.expect("an address"),
            objects.sign_post("videos/raw/x.mp4", "video/mp4", 7).await.expect("a form").url,
        ]
    }

    #[tokio::test]
    async fn addresses_are_signed_for_where_clients_reach_the_bucket() {
        for address in signed(&foreign(Some("https://media.example.com"))).await {
            assert!(address.starts_with("https://media.example.com/media"), "{address}");
            assert!(!address.contains("minio"), "{address}");
        }
        for address in signed(&foreign(None)).await {
            assert!(address.starts_with("http://minio:9000/media"), "{address}");
        }
    }

    /// An address with a checksum, or with the name of one, is refused by servers that know none of them, and by S3 itself when
    /// what is stored is not what nothing has.
    #[tokio::test]
    async fn no_address_asks_for_a_checksum() {
        for address in signed(&foreign(None)).await {
            assert!(!address.to_ascii_lowercase().contains("checksum"), "{address}");
            let headers = address.split("X-Amz-SignedHeaders=").nth(1).and_then(|rest| rest.split('&').next());
            let plain = |headers: &str| {
                headers.split("%3B").all(|name| ["host", "content-length", "content-type"].contains(&name))
            };
            assert!(headers.is_none_or(plain), "{address}");
        }
    }

    #[test]
    fn jobs_and_mails_stay_where_they_are_announced() {
        let objects = foreign(None);
        for (key, bucket) in [
            ("jobs/publish/x/mp4.json", "own"),
            ("outbox/x.json", "own"),
            ("outbox/", "own"),
            ("videos/raw/x.mp4", "media"),
            ("thumbnails/x.jpg", "media"),
            ("avatars/x/y.png", "media"),
        ] {
            assert_eq!(objects.place(key).1, bucket, "{key}");
        }
        assert!(!objects.announces());
    }
}
