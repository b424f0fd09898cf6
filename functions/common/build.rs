//! Tells which migration is this release's newest, for whoever looks whether it was applied.

use std::{error::Error, fs};

const MIGRATIONS: &str = "../../migrations";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={MIGRATIONS}");
    let mut newest = 0;
    for file in fs::read_dir(MIGRATIONS)? {
        let name = file?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix('V')?.split_once("__")?.0.parse::<u32>().ok());
        newest = newest.max(number.unwrap_or(0));
    }
    println!("cargo::rustc-env=NEWEST_MIGRATION={newest}");
    Ok(())
}
