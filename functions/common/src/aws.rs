//! Credentials, region and endpoints, as Lambda and the standard `AWS_*` variables give them.

use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::config::{Credentials, Region};
use std::time::Duration;

use crate::config::SourceObjectsConfig;

/// How long to wait for the first byte of an answer in a request that somebody waits for: three tries end well before
/// the function's own 29 seconds do.
pub const FOR_REQUESTS: Duration = Duration::from_secs(5);
/// The same where a part of a recording has to be sent before there is an answer.
pub const FOR_RECORDINGS: Duration = Duration::from_secs(60);

/// Loads the SDK's configuration. Calls are tried three times, with backoff; a connection that cannot be made within
/// three seconds is one that will not be, and an answer that does not begin within `patience` will not either.
pub async fn sdk(patience: Duration) -> SdkConfig {
    loader(patience).load().await
}

/// The same for a bucket that something is taken from: what it does not say is as everywhere else.
pub async fn sdk_of_source(config: &SourceObjectsConfig, patience: Duration) -> SdkConfig {
    let mut loader = loader(patience);
    if let Some(endpoint) = &config.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(keys) = &config.keys {
        loader = loader.credentials_provider(Credentials::new(
            &keys.id,
            keys.secret.expose(),
            None,
            None,
            "CAP_ACCESS_KEY_ID",
        ));
    }
    loader.load().await
}

fn loader(patience: Duration) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).read_timeout(patience);
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts.build())
}
