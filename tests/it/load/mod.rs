//! Much of everything: too long for every run, so `make load` runs it, one after the other, and prints what it took.

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

/// No function has grown since; how much each of them holds, for the table.
fn assert_constant(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<(String, String)> {
    let grown = |program: &String| (before[program], after[program]);
    let used = before.keys().filter(|program| before[*program] > 0);
    used.map(|program| {
        let (before, after) = grown(program);
        assert!(after < before + CONSTANT, "{program} has grown from {before} KiB to {after} KiB");
        (program.clone(), format!("{} -> {} MiB", before >> 10, after >> 10))
    })
    .collect()
}
