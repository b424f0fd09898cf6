//! How much memory an environment's processes hold.

use std::{collections::BTreeSet, fs};

/// Most memory the process itself ever held, in KiB (`VmHWM`).
pub(super) fn peak_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

/// What the process and its descendants hold now, in KiB.
pub(super) fn tree_kib(pid: u32) -> u64 {
    let mut seen = BTreeSet::new();
    let mut queue = vec![pid];
    let mut total = 0;
    while let Some(pid) = queue.pop() {
        if seen.insert(pid) {
            total += status_kib(pid, "VmRSS:");
            queue.extend(children(pid));
        }
    }
    total
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}
