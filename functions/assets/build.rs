//! Joins the files of each asset, compresses it, and names it after its content.

use std::{env, error::Error, fmt::Write as _, fs, io::Write as _, path::Path};

use sha2::{Digest, Sha256};

/// The constant that holds an asset's address, its name, and the files that it is made of.
const ASSETS: &[(&str, &str, &[&str])] = &[
    // What everybody loads, viewers on their first visit: kept small.
    ("STYLE", "site.css", &["tokens.css", "parts.css", "share.css", "player.css"]),
    // What comments add: viewers see the player before it is here.
    ("TALK", "talk.css", &["talk/talk.css"]),
    // What captions add below the player.
    ("TRANSCRIPT", "transcript.css", &["transcript.css"]),
    // What pages of people with an account add.
    (
        "DASHBOARD",
        "dashboard.css",
        &[
            "frame.css",
            "account.css",
            "reference.css",
            "library/library.css",
            "video/video.css",
            "video/views.css",
            "video/captions.css",
            "server.css",
            "record/record.css",
            "talk/notifications.css",
        ],
    ),
    (
        "SHARE",
        "share.js",
        &[
            "page.js",
            "storyboard.js",
            "player.js",
            "watch.js",
            "live.js",
            "talk/marks.js",
            "talk/compose.js",
            "talk/talk.js",
            "views.js",
            "transcript.js",
            "start.js",
        ],
    ),
    ("FRAME", "frame.js", &["frame.js"]),
    ("ACCOUNT", "account.js", &["account.js"]),
    ("LIBRARY", "library.js", &["library/cards.js", "library/files.js", "library/transfer.js", "library/uploads.js"]),
    ("VIDEO", "video.js", &["video/video.js"]),
    (
        "RECORD",
        "record.js",
        &["record/fragments.js", "record/upload.js", "record/sources.js", "record/recording.js", "record/page.js"],
    ),
    ("OVERLAY", "overlay.js", &["record/overlay.js"]),
    ("OPENING", "opening.js", &["opening.js"]),
    ("REFERENCE", "reference.js", &["reference.js"]),
];

/// Written into the pages that people are sent: whoever comes for the first time waits for one answer, not for two.
const INLINE: &str = "STYLE";

/// Hexadecimal digits of the content's hash in a name.
const DIGITS: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=files");
    let folder = env::var("OUT_DIR")?;
    let (mut addresses, mut all) = (String::new(), String::new());
    for (constant, name, parts) in ASSETS {
        let text = parts.iter().map(|part| fs::read_to_string(Path::new("files").join(part)));
        let text = text.collect::<Result<Vec<_>, _>>()?.join("\n");
        let (stem, ending) = name.rsplit_once('.').ok_or("an asset's name has an ending")?;
        let hash: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).take(DIGITS / 2).collect();
        let mut compressed = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        compressed.write_all(text.as_bytes())?;
        let stored = Path::new(&folder).join(name);
        fs::write(&stored, &text)?;
        fs::write(stored.with_added_extension("br"), compressed.into_inner())?;
        writeln!(
            addresses,
            "/// Address of `{name}`.\npub const {constant}: &str = \"/static/{stem}-{hash}.{ending}\";"
        )?;
        if *constant == INLINE {
            writeln!(
                addresses,
                "/// The content of `{name}`, for pages that must not wait for it.\npub const {constant}_TEXT: &str = include_str!({stored:?});"
            )?;
        }
        writeln!(
            all,
            "Asset {{ stem: {stem:?}, hash: {hash:?}, ending: {ending:?}, text: include_str!({stored:?}), \
             brotli: include_bytes!(concat!({stored:?}, \".br\")) }},"
        )?;
    }
    let code = format!("{addresses}\nconst ALL: &[Asset] = &[\n{all}];\n");
    Ok(fs::write(Path::new(&folder).join("assets.rs"), code)?)
}
