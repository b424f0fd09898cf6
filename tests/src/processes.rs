//! Processes, by `/proc`: who runs below whom, and ending them as a machine would; and ports for them.

use std::{fs, net::TcpListener};

/// A port of 127.0.0.1 that nobody listens on, for a program that is told where to.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// Processes that `parent` started.
#[must_use]
pub fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").expect("/proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // The parent follows the state, which follows the name in brackets; a name may hold blanks and brackets (proc(5)).
    let parent_of = |pid: &u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()
    };
    all.filter(|pid| parent_of(pid) == Some(parent)).collect()
}

/// Processes below `parent`, those that its children started included.
#[must_use]
pub fn below(parent: u32) -> Vec<u32> {
    let mut found = children(parent);
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children(pid));
        next += 1;
    }
    found
}

/// The command line of a process; empty when it is gone.
#[must_use]
pub fn command(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ")
}

/// Most memory that a process ever held, in KiB (`VmHWM` of proc(5)); 0 when it is gone.
#[must_use]
pub fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// Files and sockets that a process has open.
#[must_use]
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// False for what is gone and for what has ended and waits for its parent.
#[must_use]
pub fn alive(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Kills a process without a chance to clean up.
pub fn kill(pid: u32) {
    signal(pid, "-KILL");
}

/// Lets a process stop in order.
pub fn stop(pid: u32) {
    signal(pid, "-TERM");
}

fn signal(pid: u32, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
    assert!(sent.expect("kill").success(), "{pid} cannot be sent {signal}");
}
