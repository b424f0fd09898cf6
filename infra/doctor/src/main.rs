//! `capstan-doctor`: looks at a deployment from outside, or at a configuration before there is one, and says what to change.

mod asked;
mod before;
mod http;
mod outside;
mod show;

use std::process::ExitCode;

use clap::Parser;

use asked::{Arguments, Asked};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match look(&arguments) {
        Ok(parts) => {
            if arguments.json {
                println!("{}", show::json(&parts));
            } else {
                print!("{}", show::table(&parts));
            }
            if show::wrong(&parts) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn look(arguments: &Arguments) -> anyhow::Result<Vec<show::Part>> {
    let mut parts = Vec::new();
    match Asked::new(arguments)? {
        Asked::Site(site) => parts.extend(outside::all(&site)),
        Asked::Configuration(configuration) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            parts.extend(runtime.block_on(before::all(&configuration)));
        }
    }
    Ok(parts)
}
