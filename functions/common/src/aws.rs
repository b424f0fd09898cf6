//! Credentials, region and endpoints, as Lambda and the standard `AWS_*` variables give them.

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use std::time::Duration;

/// Loads the SDK's configuration. Calls are tried four times, with backoff; a connection that cannot be made within
/// three seconds is one that will not be.
pub async fn sdk() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        .timeout_config(TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).build())
        .load()
        .await
}
