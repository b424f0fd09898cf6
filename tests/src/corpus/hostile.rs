//! Files that name other files and addresses, in the hope that FFmpeg opens them.

use super::{
    Case, Expected, H264, PICTURE,
    boxes::{Content, Node, below, edit, parse, write},
    case, ready, silent,
};
use crate::{bait::Bait, footage};

const NO_VIDEO: Expected = Expected::Failed(&["not a video"]);
const REFUSED: Expected = Expected::Failed(&[""]);

/// All of them.
pub async fn all(bait: &Bait) -> Vec<Case> {
    let mut cases = playlists(bait);
    cases.extend(embedded(bait).await);
    cases.extend(references(bait).await);
    cases
}

fn playlists(bait: &Bait) -> Vec<Case> {
    let (file, path, address) = (bait.file_url(), bait.path(), bait.address());
    let playlist = |segment: &str| {
        format!("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\n{segment}\n#EXT-X-ENDLIST\n")
    };
    let named = [
        ("a playlist that names /etc/passwd", playlist("file:///etc/passwd")),
        ("a playlist that names a file", playlist(&file)),
        ("a playlist that names an address", playlist(&address)),
        ("a playlist that joins an address and a file", playlist(&format!("concat:{address}|{path}"))),
        ("a playlist that names a file within an archive", playlist(&format!("subfile,,start,0,end,64,,:{path}"))),
        ("a playlist whose key is at an address", {
            let key =
                format!("#EXT-X-KEY:METHOD=AES-128,URI=\"{address}\",IV=0x00000000000000000000000000000000\n#EXTINF");
            playlist(&file).replace("#EXTINF", &key)
        }),
        (
            "a playlist whose map is at an address",
            playlist(&file).replace("#EXTINF", &format!("#EXT-X-MAP:URI=\"{address}\"\n#EXTINF")),
        ),
        ("a master playlist", format!("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{address}\n")),
        ("a list for FFmpeg", format!("ffconcat version 1.0\nfile '{path}'\nfile '{address}'\n")),
        (
            "a session description",
            format!(
                "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
                bait.port
            ),
        ),
        (
            "a DASH manifest",
            format!(
                "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\"><Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>{address}</BaseURL></Representation></AdaptationSet></Period></MPD>"
            ),
        ),
        ("subtitles", format!("1\n00:00:00,000 --> 00:00:01,000\n{file}\n")),
        (
            "a drawing that shows another",
            format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"9\" height=\"9\"><image xlink:href=\"{address}\"/></svg>"
            ),
        ),
    ];
    named.into_iter().map(|(name, text)| case(format!("{name}, named .mp4"), text, NO_VIDEO)).collect()
}

/// Videos that carry text which names others.
async fn embedded(bait: &Bait) -> Vec<Case> {
    let playlist = format!(
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n{}\n#EXTINF:1.0,\n{}\n#EXT-X-ENDLIST\n",
        bait.address(),
        bait.file_url()
    );
    let place = tempfile::TempDir::new().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        let file = place.path().join(name);
        std::fs::write(&file, text).expect("a file");
        file.display().to_string()
    };
    let subtitles =
        write("names.srt", &format!("1\n00:00:00,000 --> 00:00:01,000\n{} {}\n", bait.file_url(), bait.address()));
    let attached = write("list.m3u8", &playlist);
    let styled = write(
        "names.ass",
        &format!(
            "[Script Info]\nScriptType: v4.00+\nAudio File: {}\n\n[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\nDialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,{}\n",
            bait.path(),
            bait.address()
        ),
    );
    let plays = ready(64, 48, 1.0);
    let mkv = format!(
        "{PICTURE} -i {subtitles} -i {styled} {H264} -c:s copy -map 0 -map 1 -map 2 -attach {attached} \
         -metadata:s:t mimetype=application/vnd.apple.mpegurl -metadata:s:t filename={}",
        bait.path()
    );
    let mp4 = format!(
        "{PICTURE} -i {subtitles} {H264} -c:s mov_text -metadata title={} -metadata comment={}",
        bait.file_url(),
        bait.address()
    );
    let jpeg = footage::make(&format!("{PICTURE} -frames:v 1"), "jpg").await;
    let linked = footage::make(
        &format!("{PICTURE} {H264} -metadata:s:v filename={} -metadata segment_filename={}", bait.path(), bait.path()),
        "mkv",
    )
    .await;
    vec![
        case("AVI with a playlist for subtitles", avi(&jpeg, &playlist, "list.srt"), Expected::Either),
        case(
            "AVI with a playlist for subtitles, named by address",
            avi(&jpeg, &playlist, &bait.address()),
            Expected::Either,
        ),
        case(
            "Matroska with subtitles and attachments that name files",
            footage::make(&mkv, "mkv").await,
            plays.clone(),
        ),
        case("Matroska that is said to go on elsewhere", linked, plays.clone()),
        case("MP4 with subtitles and a title that name files", footage::make(&mp4, "mp4").await, plays),
        case(
            "an MPEG-TS behind a playlist",
            [playlist.as_bytes(), &footage::make(&format!("{PICTURE} {H264}"), "ts").await].concat(),
            REFUSED,
        ),
    ]
}

/// An AVI of ten JPEGs whose subtitles are a file of their own: `GAB2`, a name, the text.
fn avi(jpeg: &[u8], text: &str, name: &str) -> Vec<u8> {
    const FRAMES: u32 = 10;
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_le_bytes()).collect() };
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a small file");
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        let mut chunk = [&kind[..], &size(body).to_le_bytes(), body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let list = |kind: &[u8; 4], body: &[u8]| chunk(b"LIST", &[&kind[..], body].concat());
    let stream = |kind: &[u8; 4], handler: &[u8; 4], format: &[u8]| {
        let header = [&kind[..], handler, &words(&[0, 0, 0, 1, 10, 0, FRAMES, 0, u32::MAX, 0, 0, 0])].concat();
        list(b"strl", &[chunk(b"strh", &header), chunk(b"strf", format)].concat())
    };
    let bitmap = [words(&[40, 64, 48, 1 | 24 << 16]), b"MJPG".to_vec(), words(&[64 * 48 * 3, 0, 0, 0, 0])].concat();
    let main = words(&[100_000, 0, 0, 0x10, FRAMES, 0, 2, 0, 64, 48, 0, 0, 0, 0]);
    let header = [chunk(b"avih", &main), stream(b"vids", b"MJPG", &bitmap), stream(b"txts", b"\0\0\0\0", b"")].concat();
    let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let subtitles = [
        &b"GAB2\0\x02\0"[..],
        &size(&name).to_le_bytes(),
        &name,
        b"\x04\0",
        &size(text.as_bytes()).to_le_bytes(),
        text.as_bytes(),
    ]
    .concat();
    let frames = chunk(b"00dc", jpeg).repeat(FRAMES as usize);
    let movie = [chunk(b"01tx", &subtitles), frames].concat();
    chunk(b"RIFF", &[b"AVI ".to_vec(), list(b"hdrl", &header), list(b"movi", &movie)].concat())
}

/// MP4s whose media is said to be elsewhere (ISO/IEC 14496-12 §8.7.2; QuickTime File Format, "Data reference atoms" and
/// "Reference movies").
async fn references(bait: &Bait) -> Vec<Case> {
    let silent = silent().await;
    let referring = |kind: &[u8; 4], body: &[u8]| {
        edit(&silent, "moov/trak/mdia/minf/dinf/dref", |dref| {
            dref.truncate(8);
            // No flags: the media is not in this file.
            dref.extend(write(&[Node::new(kind, [&[0; 4], body].concat())]));
        })
    };
    let url = |to: &str| referring(b"url ", format!("{to}\0").as_bytes());
    let elsewhere = |to: &str, with_media: bool| {
        let mut boxes = parse(&silent);
        let address =
            [&[0; 4][..], b"url ", &u32::try_from(to.len() + 1).expect("short").to_be_bytes(), to.as_bytes(), b"\0"]
                .concat();
        let named = Node { kind: *b"rmda", content: Content::Boxes(vec![Node::new(b"rdrf", address)]) };
        let moov = below(&mut boxes, "moov");
        if !with_media {
            moov.clear();
        }
        moov.push(Node { kind: *b"rmra", content: Content::Boxes(vec![named]) });
        write(&boxes)
    };
    vec![
        case("media in another file", url(&bait.file_url()), Expected::Either),
        case("media in a file beside it", url("source"), Expected::Either),
        case("media at an address", url(&bait.address()), Expected::Either),
        case("media by name", referring(b"urn ", format!("x\0{}\0", bait.address()).as_bytes()), Expected::Either),
        case("media by alias", referring(b"alis", &alias(&bait.path())), REFUSED),
        case("a movie that is elsewhere", elsewhere(&bait.address(), false), REFUSED),
        case("a movie that is here and elsewhere", elsewhere(&bait.file_url(), true), Expected::Either),
    ]
}

/// A Macintosh alias to a path, as FFmpeg reads it: a fixed part, then its parts by number.
fn alias(path: &str) -> Vec<u8> {
    let part = |kind: u16, text: &str| {
        let length = u16::try_from(text.len()).expect("a short path");
        let mut part = [&kind.to_be_bytes()[..], &length.to_be_bytes(), text.as_bytes()].concat();
        part.resize(part.len().next_multiple_of(2), 0);
        part
    };
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut fixed = vec![0; 150];
    fixed[6..8].copy_from_slice(&2_u16.to_be_bytes());
    fixed[10] = 4;
    fixed[11..15].copy_from_slice(b"disk");
    let length = name.len().min(63);
    fixed[50] = u8::try_from(length).expect("short");
    fixed[51..51 + length].copy_from_slice(&name.as_bytes()[..length]);
    // One folder up from where it was, and one up from where it is.
    fixed[130..134].copy_from_slice(&[0, 1, 0, 1]);
    [fixed, part(2, &path.replace('/', ":")), part(18, path), vec![0xff; 4]].concat()
}
