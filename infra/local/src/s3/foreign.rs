//! A bucket at an S3 that is not ours: made when it is not there, and watched, since nothing tells of what arrives there.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation},
    error::DisplayErrorContext,
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, CorsConfiguration,
        CorsRule, CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    },
};
use common::objects::keys;
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::ObjectCreated;
use crate::{
    ids, log,
    template::{Bucket, ObjectTrigger, Template},
};

/// How often the bucket is looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Where it is, as the template tells the functions.
#[derive(Clone)]
pub struct ForeignOptions {
    /// Origin of S3.
    pub endpoint: String,
    /// What signatures name.
    pub region: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl ForeignOptions {
    /// What functions are told of another provider's S3; `None` when they are told of none.
    #[must_use]
    pub fn of(template: &Template) -> Option<Self> {
        let told = |environment: &std::collections::BTreeMap<String, String>| {
            let value = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
            Some(Self {
                endpoint: value("S3_ENDPOINT")?,
                region: value("S3_REGION")?,
                bucket: value("S3_BUCKET")?,
                access_key_id: value("S3_ACCESS_KEY_ID")?,
                secret_access_key: value("S3_SECRET_ACCESS_KEY")?,
            })
        };
        template.functions.iter().find_map(|function| told(&function.environment))
    }

    fn client(&self) -> Client {
        let keys = Credentials::new(&self.access_key_id, &self.secret_access_key, None, None, "S3");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .credentials_provider(keys);
        Client::from_conf(config.build())
    }
}

/// Makes sure of the bucket, and from then on sends an [`ObjectCreated`] for each object that would start a function, as if it
/// had come to the template's own `bucket`. Of what is there already nothing is told: the sweep knows whether it was missed.
///
/// # Errors
/// The endpoint does not answer, or refuses the keys or the bucket.
pub async fn watch(
    options: &ForeignOptions,
    bucket: &Bucket,
    triggers: &[ObjectTrigger],
    created: mpsc::UnboundedSender<ObjectCreated>,
    stop: CancellationToken,
) -> Result<()> {
    let client = options.client();
    ensure(&client, options, bucket)
        .await
        .with_context(|| format!("The bucket {} at {}", options.bucket, options.endpoint))?;
    let prefixes = triggers.iter().map(|trigger| trigger.prefix.clone()).filter(|prefix| !keys::is_work(prefix));
    let mut watched = Watched {
        client,
        bucket: options.bucket.clone(),
        as_bucket: bucket.name.clone(),
        prefixes: prefixes.collect(),
        known: HashMap::new(),
    };
    watched.news().await.context("Listing the bucket")?;
    tokio::spawn(stop.run_until_cancelled_owned(async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match watched.news().await {
                Ok(news) => news.into_iter().for_each(|object| drop(created.send(object))),
                Err(error) => log::line("s3", format_args!("{} cannot be listed: {error:#}", watched.bucket)),
            }
        }
    }));
    Ok(())
}

struct Watched {
    client: Client,
    bucket: String,
    /// The bucket whose triggers these objects start.
    as_bucket: String,
    prefixes: Vec<String>,
    /// ETag and time of each object that was told of, by key.
    known: HashMap<String, (String, i64)>,
}

impl Watched {
    /// Objects that are new, or stored anew, since the last look.
    async fn news(&mut self) -> Result<Vec<ObjectCreated>> {
        let (mut news, mut seen) = (Vec::new(), HashMap::new());
        for prefix in &self.prefixes {
            let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
            let mut pages = list.into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)))?;
                for object in page.contents.unwrap_or_default() {
                    let Some(key) = object.key else { continue };
                    let e_tag = object.e_tag.unwrap_or_default().trim_matches('"').to_owned();
                    let is = (e_tag, object.last_modified.map_or(0, |at| at.secs()));
                    if self.known.get(&key) != Some(&is) {
                        news.push(self.created(&key, &is.0, object.size));
                    }
                    seen.insert(key, is);
                }
            }
        }
        self.known = seen;
        Ok(news)
    }

    fn created(&self, key: &str, e_tag: &str, size: Option<i64>) -> ObjectCreated {
        let at = SystemTime::now();
        ObjectCreated {
            bucket: self.as_bucket.clone(),
            key: key.to_owned(),
            size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            e_tag: e_tag.to_owned(),
            event: "s3:ObjectCreated:Put",
            sequencer: format!("{:016X}", ids::epoch_millis(at)),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            at,
        }
    }
}

/// Makes the bucket with the template's rules when it is not there. Rules of one that is there are its owner's.
async fn ensure(client: &Client, options: &ForeignOptions, bucket: &Bucket) -> Result<()> {
    let Err(missing) = client.head_bucket().bucket(&options.bucket).send().await else { return Ok(()) };
    if !missing.as_service_error().is_some_and(aws_sdk_s3::operation::head_bucket::HeadBucketError::is_not_found) {
        anyhow::bail!("cannot be used: {}", DisplayErrorContext(missing));
    }
    let create = client.create_bucket().bucket(&options.bucket);
    // The region that needs no saying (CreateBucket), and the one that is none.
    let create = if matches!(options.region.as_str(), "us-east-1" | "auto") {
        create
    } else {
        let place = BucketLocationConstraint::from(options.region.as_str());
        create.create_bucket_configuration(CreateBucketConfiguration::builder().location_constraint(place).build())
    };
    create.send().await.map_err(|error| anyhow::anyhow!("cannot be made: {}", DisplayErrorContext(error)))?;
    log::line("s3", format_args!("made the bucket {}", options.bucket));
    let cors = client.put_bucket_cors().bucket(&options.bucket).cors_configuration(cors_rules(bucket)?).send().await;
    if let Err(error) = cors {
        let error = DisplayErrorContext(error);
        log::line(
            "s3",
            format_args!("it takes no CORS rules; browsers store there if it allows them by itself: {error}"),
        );
    }
    let rules = client.put_bucket_lifecycle_configuration().bucket(&options.bucket);
    if let Err(error) = rules.lifecycle_configuration(lifecycle_rules(bucket)?).send().await {
        let error = DisplayErrorContext(error);
        log::line("s3", format_args!("it takes no lifecycle rules; unfinished uploads may stay: {error}"));
    }
    Ok(())
}

fn cors_rules(bucket: &Bucket) -> Result<CorsConfiguration> {
    let mut rules = CorsConfiguration::builder().set_cors_rules(Some(Vec::new()));
    for rule in &bucket.cors {
        let built = CorsRule::builder()
            .set_allowed_methods(Some(rule.allowed_methods.clone()))
            .set_allowed_origins(Some(rule.allowed_origins.clone()))
            .set_allowed_headers(Some(rule.allowed_headers.clone()))
            .set_expose_headers(Some(rule.exposed_headers.clone()))
            .set_max_age_seconds(rule.max_age_seconds.and_then(|seconds| i32::try_from(seconds).ok()));
        rules = rules.cors_rules(built.build()?);
    }
    Ok(rules.build()?)
}

fn lifecycle_rules(bucket: &Bucket) -> Result<BucketLifecycleConfiguration> {
    let days = |days: u64| i32::try_from(days).unwrap_or(i32::MAX);
    let rule = |id: &str, prefix: &str| {
        let filter = LifecycleRuleFilter::builder().prefix(prefix).build();
        LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(filter)
    };
    let mut rules = BucketLifecycleConfiguration::builder().set_rules(Some(Vec::new()));
    if let Some(age) = bucket.abort_incomplete_after {
        let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(days(age.as_secs() / 86400));
        rules =
            rules.rules(rule("abort-incomplete-uploads", "").abort_incomplete_multipart_upload(abort.build()).build()?);
    }
    for expiration in bucket.expirations.iter().filter(|expiration| !keys::is_work(&expiration.prefix)) {
        let expire = LifecycleExpiration::builder().days(days(expiration.days.into())).build();
        rules = rules.rules(rule("expire", &expiration.prefix).expiration(expire).build()?);
    }
    Ok(rules.build()?)
}
