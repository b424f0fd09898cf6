//! `capstan-local up`: the whole system on this machine, until Ctrl-C.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser};
use local::{
    cloud::{LocalCloud, Options},
    log, signals, up,
};

#[derive(Parser)]
#[command(about = "Runs template.yaml on this machine")]
enum Command {
    /// Start everything, upload a recording and print its share link
    Up(Up),
}

#[derive(Args)]
struct Up {
    /// The deployment
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
    /// Folder with the functions' programs
    #[arg(long, default_value = "target/debug")]
    functions: PathBuf,
    /// Folder for all data
    #[arg(long, default_value = ".local")]
    state: PathBuf,
    /// Port of the API on 127.0.0.1, 0 for a free one
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of Lambda's API on 127.0.0.1, 0 for a free one
    #[arg(long, default_value_t = 0)]
    lambda_port: u16,
    /// S3 that holds recordings instead of the local cloud's own, such as http://127.0.0.1:9000. Its keys are those of
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_REGION, S3_BUCKET and S3_PUBLIC_ENDPOINT are heeded
    #[arg(long, value_name = "ENDPOINT")]
    s3: Option<String>,
    /// Folder where infra/mysql.sh unpacked a MySQL server, if it had to
    #[arg(long, default_value = ".tools/mysql")]
    mysql_home: PathBuf,
    /// Recording to upload; may be given several times
    #[arg(long, value_name = "FILE")]
    upload: Vec<PathBuf>,
    /// Do not upload a sample recording
    #[arg(long)]
    no_sample: bool,
    /// A parameter of the template, as NAME=VALUE; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// A function of the template that somebody else runs, going by functions.json in the folder for all data: events for it are put
    /// into events/ there; may be given several times
    #[arg(long, value_name = "FUNCTION")]
    hand_over: Vec<String>,
    /// File to which is written what of their policies the functions use
    #[arg(long, value_name = "FILE")]
    permissions: Option<PathBuf>,
    /// Stop when standard input ends
    #[arg(long)]
    stop_on_stdin_close: bool,
    /// Remove the folder for all data when it stops
    #[arg(long)]
    remove_state: bool,
    /// Milliseconds before the first retry of a failed event
    #[arg(long, default_value_t = 1000)]
    retry_delay_ms: u64,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is given as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The template's parameters of another S3. Its keys come from the environment: arguments are seen by everybody on the machine.
fn foreign(endpoint: &str) -> Result<Vec<(String, String)>> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(id), Some(secret)) = (given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")) else {
        bail!("The keys of {endpoint} are missing: give them in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    };
    let parameters = [
        ("S3Endpoint", endpoint.trim_end_matches('/').to_owned()),
        ("S3PublicEndpoint", given("S3_PUBLIC_ENDPOINT").unwrap_or_default()),
        ("S3Region", given("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned())),
        ("S3Bucket", given("S3_BUCKET").unwrap_or_else(|| "capstan-media".to_owned())),
        ("S3AccessKeyId", id),
        ("S3SecretAccessKey", secret),
    ];
    Ok(parameters.map(|(name, value)| (name.to_owned(), value)).into())
}

fn main() -> ExitCode {
    let Command::Up(arguments) = Command::parse();
    let finished = tokio::runtime::Runtime::new().context("The async runtime does not start").and_then(|runtime| {
        let finished = runtime.block_on(run(arguments));
        // An upload that is under way in a thread of its own does not hold the program up.
        runtime.shutdown_timeout(Duration::from_secs(1));
        finished
    });
    match finished {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Up) -> Result<()> {
    let stop = signals::stop_requested(arguments.stop_on_stdin_close)?;
    let state = arguments.state.clone();
    let mut parameters = arguments.s3.as_deref().map(foreign).transpose()?.unwrap_or_default();
    parameters.extend(arguments.parameter);
    let options = Options {
        port: arguments.port,
        lambda_port: arguments.lambda_port,
        retry_delay: Duration::from_millis(arguments.retry_delay_ms),
        mysql_home: Some(arguments.mysql_home),
        parameters: parameters.into_iter().collect(),
        permissions: arguments.permissions,
        handed_over: arguments.hand_over,
        interrupt: stop.clone(),
        ..Options::new(arguments.template, arguments.functions, arguments.state)
    };
    let cloud = LocalCloud::start(options).await?;
    let up = up::Options { uploads: arguments.upload, sample: !arguments.no_sample };
    let announced = stop.run_until_cancelled(up::announce(&cloud, &up)).await.unwrap_or(Ok(()));
    if announced.is_ok() {
        stop.cancelled().await;
    }
    log::line("cloud", "stopping");
    up::retract(&state);
    cloud.shutdown().await;
    if arguments.remove_state {
        std::fs::remove_dir_all(&state).with_context(|| format!("Cannot remove {}", state.display()))?;
    }
    announced
}
