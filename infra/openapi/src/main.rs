//! Writes openapi.json to where the function `metadata` serves it from.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions/metadata/openapi.json");
    fs::write(file, format!("{:#}\n", openapi::document()))
}
