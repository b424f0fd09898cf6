//! The whole cloud: starts every part in the order they need one another, and stops them in the other order.

use std::{
    collections::BTreeMap,
    fs::File,
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    custom_resource, dynamo, events, gateway, handover,
    iam::Iam,
    lambda::{Lambda, LambdaOptions},
    mail::Mailbox,
    mysql::{Mysql, MysqlOptions},
    s3::{
        self, ObjectCreated, S3Options,
        foreign::{self, ForeignOptions},
    },
    schedule,
    state::{self, AccessKeys},
    template::{Bucket, Inputs, Template},
    up,
};

/// How to start a local cloud.
#[derive(Clone, Debug)]
pub struct Options {
    /// The deployment.
    pub template: PathBuf,
    /// Folder with the functions' programs, such as `target/debug`.
    pub functions_dir: PathBuf,
    /// Where everything is kept; made when it is not there.
    pub state_dir: PathBuf,
    /// Port of the API; 0 for a free one.
    pub port: u16,
    /// Port of Lambda's API; 0 for a free one.
    pub lambda_port: u16,
    /// Wait before the first retry of an asynchronous event; the second waits twice as long.
    pub retry_delay: Duration,
    /// Folder of an unpacked MySQL server, when there is none in PATH.
    pub mysql_home: Option<PathBuf>,
    /// Template parameters beside those that are made here (`DatabaseUrl`, `WebUrl`, `Architecture`, those of mail, `Operators`), which
    /// they win over.
    pub parameters: BTreeMap<String, String>,
    /// File to which is written what of their policies the functions use.
    pub permissions: Option<PathBuf>,
    /// Functions, by logical id, that somebody else runs, going by `functions.json` in the state directory: events for them are put
    /// into `events/` there.
    pub handed_over: Vec<String>,
    /// Cancel it to give up starting.
    pub interrupt: CancellationToken,
}

impl Options {
    /// Options for a template, with a free port, everything else as `make up` has it.
    #[must_use]
    pub fn new(template: PathBuf, functions_dir: PathBuf, state_dir: PathBuf) -> Self {
        Self {
            template,
            functions_dir,
            state_dir,
            port: 0,
            lambda_port: 0,
            retry_delay: Duration::from_secs(1),
            mysql_home: None,
            parameters: BTreeMap::new(),
            permissions: None,
            handed_over: Vec::new(),
            interrupt: CancellationToken::new(),
        }
    }
}

/// Environments that a function without reserved concurrency may have at once: what a laptop bears.
const CONCURRENCY: usize = 10;

/// A running local cloud. Everything listens on 127.0.0.1.
pub struct LocalCloud {
    /// Address of the API, without a trailing slash.
    pub base_url: String,
    /// Address of its own S3.
    pub s3_endpoint: String,
    /// Where recordings are instead, when the parameters say so.
    pub foreign: Option<ForeignOptions>,
    /// Address of DynamoDB.
    pub dynamodb_endpoint: String,
    /// Address of Lambda's API, with `/_local/functions` and `/_local/dead-letters`.
    pub lambda_endpoint: String,
    /// Name of the bucket of its own S3.
    pub bucket: String,
    /// Address of the database, with user and password.
    pub database_url: String,
    /// Where mail is caught.
    pub smtp_address: SocketAddr,
    /// Access key of S3 and DynamoDB that may do everything.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The state directory, absolute.
    pub state_dir: PathBuf,
    mysql: Mysql,
    lambda: Lambda,
    stop: DropGuard,
    _lock: File,
}

impl LocalCloud {
    /// Starts everything; answers requests when it returns. When a part fails, the others are stopped again.
    pub async fn start(options: Options) -> Result<Self> {
        let lock = state::lock(&options.state_dir)?;
        // Left by a local cloud that was killed.
        up::retract(&options.state_dir);
        let state_dir = options.state_dir.canonicalize().context("The state directory has no path")?;
        let listener = listen(options.port).await?;
        let base_url = format!("http://{}", listener.local_addr().context("The API has no address")?);
        let keys = state::access_keys(&state_dir)?;
        let mysql = MysqlOptions { data: state_dir.join("mysql"), home: options.mysql_home.clone() };
        let mysql = Mysql::start(mysql).await?;
        let stop = CancellationToken::new();
        let parts = Parts { options: &options, state_dir: &state_dir, base_url: &base_url, keys: &keys, stop: &stop };
        let started = options.interrupt.run_until_cancelled(parts.start(listener, &mysql)).await;
        match started.unwrap_or_else(|| Err(anyhow!("Interrupted while starting"))) {
            Ok(started) => Ok(Self {
                base_url,
                s3_endpoint: started.s3_endpoint,
                foreign: started.foreign,
                dynamodb_endpoint: started.dynamodb_endpoint,
                lambda_endpoint: started.lambda_endpoint,
                bucket: started.bucket,
                database_url: mysql.url.clone(),
                smtp_address: started.smtp_address,
                access_key_id: keys.access_key_id,
                secret_access_key: keys.secret_access_key,
                state_dir,
                mysql,
                lambda: started.lambda,
                stop: stop.drop_guard(),
                _lock: lock,
            }),
            Err(error) => {
                stop.cancel();
                mysql.stop().await;
                Err(error)
            }
        }
    }

    /// Stops everything, the database last, and waits until no process is left.
    pub async fn shutdown(self) {
        drop(self.stop);
        self.lambda.shutdown().await;
        self.mysql.stop().await;
    }
}

/// What the parts are started with.
struct Parts<'a> {
    options: &'a Options,
    state_dir: &'a Path,
    base_url: &'a str,
    keys: &'a AccessKeys,
    stop: &'a CancellationToken,
}

struct Started {
    s3_endpoint: String,
    foreign: Option<ForeignOptions>,
    dynamodb_endpoint: String,
    lambda_endpoint: String,
    bucket: String,
    smtp_address: SocketAddr,
    lambda: Lambda,
}

impl Parts<'_> {
    async fn start(&self, listener: TcpListener, mysql: &Mysql) -> Result<Started> {
        // The template is told where mail is caught.
        let (mailbox, smtp_address) =
            Mailbox::serve(0, self.stop.clone()).await.context("The mail catcher did not start")?;
        let template = self.template(&mysql.url, smtp_address)?;
        let [bucket] = template.buckets.as_slice() else {
            bail!("The template has {} buckets; the local cloud runs one", template.buckets.len())
        };
        let (created, objects) = mpsc::unbounded_channel();
        let root = &self.keys.access_key_id;
        let iam = Arc::new(Iam::new(root, &template.functions, self.options.permissions.as_deref())?);
        let s3_endpoint = self.s3(bucket, Arc::clone(&iam), created.clone()).await?;
        let foreign = ForeignOptions::of(&template);
        if let Some(foreign) = &foreign {
            foreign::watch(foreign, bucket, &template.object_triggers, created, self.stop.clone()).await?;
        }
        let dynamodb_endpoint = self.dynamodb(&template, iam).await?;
        let lambda = self.lambda(&template, &s3_endpoint, &dynamodb_endpoint)?;
        let started = async {
            let lambda_address = lambda.serve_api(self.options.lambda_port, self.stop.clone()).await?;
            events::serve(objects, template.object_triggers, lambda.clone());
            custom_resource::create(&template.custom_resources, &lambda).await?;
            gateway::serve(listener, template.routes, lambda.clone(), mailbox, self.stop.clone());
            for schedule in template.schedules {
                schedule::serve(schedule, lambda.clone(), self.stop.clone());
            }
            anyhow::Ok(format!("http://{lambda_address}"))
        };
        match started.await {
            Ok(lambda_endpoint) => Ok(Started {
                s3_endpoint,
                foreign,
                dynamodb_endpoint,
                lambda_endpoint,
                bucket: bucket.name.clone(),
                smtp_address,
                lambda,
            }),
            Err(error) => {
                lambda.shutdown().await;
                Err(error)
            }
        }
    }

    fn template(&self, database_url: &str, smtp_address: SocketAddr) -> Result<Template> {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let mut parameters = BTreeMap::from([
            ("DatabaseUrl".to_owned(), database_url.to_owned()),
            ("WebUrl".to_owned(), self.base_url.to_owned()),
            ("Architecture".to_owned(), architecture.to_owned()),
            ("MailTransport".to_owned(), "smtp".to_owned()),
            ("MailFrom".to_owned(), "Capstan <login@capstan.localhost>".to_owned()),
            ("SmtpUrl".to_owned(), format!("smtp://{smtp_address}")),
            ("Operators".to_owned(), up::EMAIL.to_owned()),
        ]);
        parameters.extend(self.options.parameters.clone());
        let secrets = state::secrets(self.state_dir)?;
        let inputs = Inputs { parameters, api_endpoint: self.base_url.to_owned(), secrets };
        let template = Template::load(&self.options.template, &inputs)?;
        state::keep_secrets(self.state_dir, &template.secrets)?;
        Ok(template)
    }

    async fn s3(
        &self,
        bucket: &Bucket,
        iam: Arc<Iam>,
        created: mpsc::UnboundedSender<ObjectCreated>,
    ) -> Result<String> {
        let options = S3Options {
            root: self.state_dir.join("s3"),
            bucket: bucket.name.clone(),
            iam,
            secret_key: self.keys.secret_access_key.clone(),
            port: 0,
            cors: bucket.cors.clone(),
            abort_incomplete_after: bucket.abort_incomplete_after,
        };
        let address = s3::serve(options, created, self.stop.clone()).await.context("S3 did not start")?;
        Ok(format!("http://{address}"))
    }

    async fn dynamodb(&self, template: &Template, iam: Arc<Iam>) -> Result<String> {
        let path = self.state_dir.join("dynamodb.sqlite");
        let address = dynamo::serve(Some(path), &template.tables, iam, 0, self.stop.clone())
            .await
            .context("DynamoDB did not start")?;
        Ok(format!("http://{address}"))
    }

    fn lambda(&self, template: &Template, s3_endpoint: &str, dynamodb_endpoint: &str) -> Result<Lambda> {
        let functions_dir = &self.options.functions_dir;
        let functions_dir = functions_dir
            .canonicalize()
            .with_context(|| format!("There is no folder {} with the functions' programs", functions_dir.display()))?;
        let environment = [
            ("AWS_SECRET_ACCESS_KEY", self.keys.secret_access_key.as_str()),
            ("AWS_ENDPOINT_URL_S3", s3_endpoint),
            ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_endpoint),
        ];
        let mut functions = template.functions.clone();
        for function in &mut functions {
            let key = Iam::key_of(&self.keys.access_key_id, &function.name);
            function.environment.insert("AWS_ACCESS_KEY_ID".to_owned(), key);
        }
        let options = LambdaOptions {
            functions,
            functions_dir,
            state_dir: self.state_dir.to_owned(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            concurrency: CONCURRENCY,
            retry_delay: self.options.retry_delay,
            handed_over: self.options.handed_over.clone(),
            stop: self.stop.child_token(),
        };
        handover::write(&options, &template.routes)?;
        Lambda::new(options)
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "Port {port} is in use by another program. Stop it or choose another: make up PORT={}",
            port.checked_add(1).unwrap_or(3000)
        ),
        Err(error) => Err(error).with_context(|| format!("Cannot listen on port {port} of 127.0.0.1")),
    }
}
