//! What the functions used of their policies in the local clouds of earlier test binaries.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use local::iam::Line;

use crate::cloud::{programs, repository};

fn folder() -> PathBuf {
    programs().parent().map(|target| target.join("permissions")).expect("a target directory")
}

/// A file for a cloud to write to.
pub(crate) fn new_record() -> PathBuf {
    fs::create_dir_all(folder()).expect("a folder");
    let file = tempfile::Builder::new().prefix("cloud-").suffix(".jsonl").tempfile_in(folder()).expect("a file");
    file.into_temp_path().keep().expect("a file")
}

/// The records of clouds that ran the functions and the template as they are now. Older ones are removed.
#[must_use]
pub fn records() -> Vec<Line> {
    let built = built();
    let Ok(files) = fs::read_dir(folder()) else { return Vec::new() };
    let mut lines = Vec::new();
    for file in files {
        let path = file.expect("a file").path();
        if modified(&path).expect("a time") < built {
            fs::remove_file(&path).expect("removed");
            continue;
        }
        let text = fs::read_to_string(&path).expect("a record");
        // The last line may be one that is being written.
        lines.extend(text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()));
    }
    lines
}

/// When the newest of the template and the programs was made.
fn built() -> SystemTime {
    let programs = fs::read_dir(programs()).expect("programs").map(|program| program.expect("a program").path());
    // Without what Cargo keeps beside them.
    let programs = programs.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_file() && !name.contains('.')
    });
    let times = programs.chain([repository().join("template.yaml")]).map(|path| modified(&path).expect("a time"));
    times.max().expect("a program")
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    path.metadata()?.modified()
}
