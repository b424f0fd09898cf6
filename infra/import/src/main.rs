//! `capstan-import`: takes a self-hosted Cap's MySQL and bucket into Capstan. See docs/IMPORT.md.

mod app;
mod cap;
mod comments;
mod counts;
mod keys;
mod layout;
mod privacy;
mod recording;
mod report;
mod users;
mod videos;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    match app::run().await {
        Ok(report) => {
            print!("{report}");
            if report.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("import: {error}");
            eprintln!("import: what was taken stays; run it again to go on.");
            ExitCode::FAILURE
        }
    }
}
