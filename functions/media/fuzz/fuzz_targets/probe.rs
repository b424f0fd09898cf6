//! ffprobe's answer, which quotes the file, and the decision by it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Container, Facts, Limits, Probe, decide};
use media_fuzz::check;

fuzz_target!(|data: &[u8]| {
    let Ok(probe) = Probe::parse(data) else { return };
    for container in [Container::Mp4, Container::Matroska, Container::Avi] {
        check(&decide(&Facts::of_probe(container, 1 << 20, &probe), &Limits::new(4 << 30)));
    }
});
