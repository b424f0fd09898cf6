//! Credentials, region and endpoints, as Lambda and the standard `AWS_*` variables give them.

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use std::time::Duration;

/// How long to wait for the first byte of an answer in a request that somebody waits for: three tries end well before
/// the function's own 29 seconds do.
pub const FOR_REQUESTS: Duration = Duration::from_secs(5);
/// The same where a part of a recording has to be sent before there is an answer.
pub const FOR_RECORDINGS: Duration = Duration::from_secs(60);

/// Loads the SDK's configuration. Calls are tried three times, with backoff; a connection that cannot be made within
/// three seconds is one that will not be, and an answer that does not begin within `patience` will not either.
pub async fn sdk(patience: Duration) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(Duration::from_secs(3)).read_timeout(patience);
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts.build())
        .load()
        .await
}
