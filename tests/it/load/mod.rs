//! Much of everything: too long for every run, so `make load` runs it, each on a cloud of its own, and prints what it took.

mod hour;
mod live;
mod upload;

use std::collections::BTreeMap;

use tests::{cloud::cloud, processes};

/// KiB by which a process may grow and still count as constant.
const CONSTANT: u64 = 32 << 10;

/// Prints what was measured.
fn table(title: &str, rows: &[(&str, String)]) {
    println!("\n{title}");
    for (what, how_much) in rows {
        println!("  {what:<56} {how_much:>16}");
    }
}

/// Most memory that a process of each function has held so far, in KiB.
async fn peaks() -> BTreeMap<String, u64> {
    let peak = |pids: Vec<u32>| pids.into_iter().map(processes::peak_kib).max().unwrap_or(0);
    cloud().processes().await.into_iter().map(|(program, pids)| (program, peak(pids))).collect()
}

/// How much memory each function held before and holds since, for the table.
fn grown(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<(String, String)> {
    let used = before.iter().filter(|(_, kib)| **kib > 0);
    used.map(|(program, kib)| (program.clone(), format!("{} -> {} MiB", kib >> 10, after[program] >> 10))).collect()
}

/// No function has grown since.
fn assert_constant(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) {
    for (program, before) in before.iter().filter(|(_, kib)| **kib > 0) {
        let after = after[program];
        assert!(after < before + CONSTANT, "{program} has grown from {before} KiB to {after} KiB");
    }
}
