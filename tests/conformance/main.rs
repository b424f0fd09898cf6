//! `make conformance`: what the contract calls essential or important, row by row, asked of the local cloud as the clients
//! ask it. A word on the command line looks at the rows that have it.

mod account;
mod ask;
mod checklist;
mod cli;
mod contract;
mod create;
mod flows;
mod manifest;
mod multipart;
mod playback;
mod row;
mod runner;
mod sign_in;
mod signed;
mod viewers;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    let rows = [
        checklist::rows(),
        sign_in::rows(),
        account::rows(),
        create::rows(),
        signed::rows(),
        multipart::rows(),
        manifest::rows(),
        cli::rows(),
        playback::rows(),
        viewers::rows(),
        web::rows(),
        flows::rows(),
    ];
    runner::run(rows.into_iter().flatten().collect())
}
