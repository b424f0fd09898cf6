//! What a template comes to: the parts of the cloud.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde_json::Value;

/// A resolved template.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Functions, by logical id.
    pub functions: Vec<Function>,
    /// Routes of the HTTP API.
    pub routes: Vec<Route>,
    /// Functions that objects start.
    pub object_triggers: Vec<ObjectTrigger>,
    /// Functions that the clock starts.
    pub schedules: Vec<Schedule>,
    /// Buckets.
    pub buckets: Vec<Bucket>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// Functions that the deployment itself runs.
    pub custom_resources: Vec<CustomResource>,
    /// Secrets that were generated, now or by an earlier deployment, by logical id: to be kept for the next one.
    pub secrets: BTreeMap<String, String>,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Logical id, which is also its name.
    pub name: String,
    /// Name of the program, from `Metadata.BuildProperties.Binary`.
    pub binary: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in MiB: reported, not enforced.
    pub memory_mib: u32,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// `ReservedConcurrentExecutions`.
    pub reserved_concurrency: Option<u32>,
    /// How often a failed asynchronous event is tried again.
    pub retry_attempts: u32,
    /// Name of the queue for events that failed all tries.
    pub dead_letter_queue: Option<String>,
    /// What it may do.
    pub policy: Vec<Statement>,
}

/// A statement of a function's policies, which allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub sid: String,
    /// Such as `s3:GetObject`.
    pub actions: Vec<String>,
    /// Patterns of ARNs.
    pub resources: Vec<String>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
}

/// A condition of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it looks at.
    pub key: ConditionKey,
    /// One of these patterns must fit it.
    pub patterns: Vec<String>,
}

/// What a condition looks at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionKey {
    /// The partition keys of DynamoDB items, `ForAllValues:StringLike`.
    LeadingKeys,
    /// What a listing is limited to, `StringLikeIfExists`.
    Prefix,
}

impl ConditionKey {
    /// As policies have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeadingKeys => "dynamodb:LeadingKeys",
            Self::Prefix => "s3:prefix",
        }
    }
}

/// Method of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every method.
    Any,
    /// This one, in capitals.
    Only(String),
}

/// A route of the HTTP API.
#[derive(Clone, Debug)]
pub struct Route {
    /// Which method.
    pub method: Method,
    /// Path with `{name}` and a last `{name+}`; `None` for `$default`.
    pub path: Option<String>,
    /// Function that answers.
    pub function: String,
    /// After this long the caller gets 503, while the function goes on.
    pub timeout: Duration,
}

impl Route {
    /// `GET /s/{code}`, `ANY /x` or `$default`, as in an event's `routeKey`.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.path {
            Some(path) => format!("{} {path}", self.method),
            None => "$default".to_owned(),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Any => "ANY",
            Self::Only(method) => method,
        })
    }
}

/// A function that a new object starts.
#[derive(Clone, Debug)]
pub struct ObjectTrigger {
    /// Logical id of the function and the event's name: what S3 calls the configuration's id.
    pub id: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Patterns such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// What the key must start with; may be empty.
    pub prefix: String,
    /// What the key must end with; may be empty.
    pub suffix: String,
    /// Function to start.
    pub function: String,
}

impl ObjectTrigger {
    /// Whether an event (`s3:ObjectCreated:Put`, with or without `s3:`) about a key starts the function.
    #[must_use]
    pub fn matches(&self, bucket: &str, event: &str, key: &str) -> bool {
        let event = event.trim_start_matches("s3:");
        let wanted = self.events.iter().any(|pattern| {
            let pattern = pattern.trim_start_matches("s3:");
            pattern.strip_suffix('*').map_or(pattern == event, |start| event.starts_with(start))
        });
        wanted && self.bucket == bucket && key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}

/// A function that the clock starts.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Name of the rule.
    pub name: String,
    /// Time between two starts.
    pub every: Duration,
    /// What the function gets instead of EventBridge's own event.
    pub input: Option<Value>,
    /// Function to start.
    pub function: String,
}

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Name.
    pub name: String,
    /// Answers to browsers' preflight requests.
    pub cors: Vec<CorsRule>,
    /// Age at which unfinished multipart uploads are dropped.
    pub abort_incomplete_after: Option<Duration>,
    /// What is removed when it is old enough.
    pub expirations: Vec<Expiration>,
}

/// Objects that a bucket removes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiration {
    /// What their keys start with.
    pub prefix: String,
    /// How old they become.
    pub days: u32,
}

/// One CORS rule of a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsRule {
    /// Methods, upper case.
    pub allowed_methods: Vec<String>,
    /// Origins, each with at most one `*`.
    pub allowed_origins: Vec<String>,
    /// Request headers, each with at most one `*`; case does not matter.
    pub allowed_headers: Vec<String>,
    /// Response headers that scripts may read.
    pub exposed_headers: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    pub max_age_seconds: Option<u32>,
}

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name.
    pub name: String,
    /// Partition key.
    pub hash_key: String,
    /// Sort key.
    pub range_key: Option<String>,
    /// Key attributes and their types (`S`, `N`, `B`).
    pub attributes: Vec<(String, String)>,
    /// Attribute that holds the expiry in epoch seconds.
    pub ttl_attribute: Option<String>,
}

/// A `Custom::…` resource: a function that runs at deploy.
#[derive(Clone, Debug)]
pub struct CustomResource {
    /// Logical id.
    pub name: String,
    /// `Custom::…`.
    pub kind: String,
    /// Function behind `ServiceToken`.
    pub function: String,
    /// Its properties, texts as CloudFormation sends them.
    pub properties: Value,
}
