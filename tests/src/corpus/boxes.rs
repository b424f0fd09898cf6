//! Surgery on MP4 files: their boxes as a tree that can be changed and written again (ISO/IEC 14496-12 §4.2).
//!
//! Offsets in the sample tables stay as they are, so media must not move: the index of these files comes last.

/// Boxes that hold nothing but boxes.
const CONTAINERS: [&[u8; 4]; 11] =
    [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"mvex", b"moof", b"traf", b"tref"];

/// A box.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its type.
    pub kind: [u8; 4],
    /// What it holds.
    pub content: Content,
}

/// What a box holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Fields.
    Fields(Vec<u8>),
    /// Boxes.
    Boxes(Vec<Node>),
}

impl Node {
    /// A box with fields.
    #[must_use]
    pub fn new(kind: &[u8; 4], fields: impl Into<Vec<u8>>) -> Self {
        Self { kind: *kind, content: Content::Fields(fields.into()) }
    }

    fn write(&self, to: &mut Vec<u8>) {
        let at = to.len();
        to.extend([0; 4]);
        to.extend(self.kind);
        match &self.content {
            Content::Fields(fields) => to.extend(fields),
            Content::Boxes(boxes) => boxes.iter().for_each(|inner| inner.write(to)),
        }
        let length = u32::try_from(to.len() - at).expect("a box below 4 GiB");
        to[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// The boxes of a well-formed file, or of a part of one.
///
/// # Panics
///
/// When it is not well-formed, or has boxes of 64 bits.
#[must_use]
pub fn parse(mut bytes: &[u8]) -> Vec<Node> {
    let mut boxes = Vec::new();
    while !bytes.is_empty() {
        let length = word(bytes, 0) as usize;
        let kind: [u8; 4] = bytes[4..8].try_into().expect("four bytes");
        let (body, rest) = (&bytes[8..length], &bytes[length..]);
        let content =
            if CONTAINERS.contains(&&kind) { Content::Boxes(parse(body)) } else { Content::Fields(body.to_vec()) };
        boxes.push(Node { kind, content });
        bytes = rest;
    }
    boxes
}

/// The file that boxes make.
#[must_use]
pub fn write(boxes: &[Node]) -> Vec<u8> {
    let mut bytes = Vec::new();
    boxes.iter().for_each(|node| node.write(&mut bytes));
    bytes
}

/// The boxes below a path as `moov/trak`, the first of each name; an empty path is the file itself.
///
/// # Panics
///
/// When there is no such container.
pub fn below<'a>(mut boxes: &'a mut Vec<Node>, path: &str) -> &'a mut Vec<Node> {
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let node = boxes.iter_mut().find(|node| node.kind == *name.as_bytes());
        let node = node.unwrap_or_else(|| panic!("no {name} of {path}"));
        let Content::Boxes(inner) = &mut node.content else { panic!("{name} of {path} holds no boxes") };
        boxes = inner;
    }
    boxes
}

/// A file with other fields in one box.
///
/// # Panics
///
/// When there is no such box.
#[must_use]
pub fn edit(file: &[u8], path: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut boxes = parse(file);
    let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
    let node = below(&mut boxes, parents).iter_mut().find(|node| node.kind == *name.as_bytes());
    let node = node.unwrap_or_else(|| panic!("no {path}"));
    let Content::Fields(fields) = &mut node.content else { panic!("{path} holds boxes") };
    change(fields);
    write(&boxes)
}

/// A file without some boxes of a container.
#[must_use]
pub fn without(file: &[u8], path: &str, kind: &[u8; 4]) -> Vec<u8> {
    let mut boxes = parse(file);
    below(&mut boxes, path).retain(|node| node.kind != *kind);
    write(&boxes)
}

/// Where boxes begin, headers end and boxes end, at every depth; in order, the file's own ends included.
#[must_use]
pub fn boundaries(file: &[u8]) -> Vec<usize> {
    fn walk(boxes: &[Node], mut at: usize, found: &mut Vec<usize>) {
        for node in boxes {
            found.extend([at, at + 8]);
            if let Content::Boxes(inner) = &node.content {
                walk(inner, at + 8, found);
            }
            at += write(std::slice::from_ref(node)).len();
            found.push(at);
        }
    }
    let mut found = Vec::new();
    walk(&parse(file), 0, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// Changes the first sample description: its own fields, of which a picture has 78 bytes, and the boxes after them.
pub fn describe(stsd: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>, &mut Vec<Node>)) {
    let mut entries = parse(&stsd[8..]);
    let Content::Fields(entry) = &mut entries[0].content else { panic!("a sample description is no container") };
    let mut boxes = parse(&entry[78..]);
    entry.truncate(78);
    change(entry, &mut boxes);
    entry.extend(write(&boxes));
    stsd.truncate(8);
    stsd.extend(write(&entries));
}

/// The big-endian number at a place.
#[must_use]
pub fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Writes a big-endian number over what is at a place.
pub fn set(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}
