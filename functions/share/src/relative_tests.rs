use super::*;

const MASTER: &str = "#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"say URI=here\",DEFAULT=YES,URI=\"audio.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=955900,RESOLUTION=1280x720,CODECS=\"avc1.64001f,mp4a.40.2\",AUDIO=\"audio\"
720.m3u8

#EXT-X-STREAM-INF:BANDWIDTH=295900,RESOLUTION=320x180,AUDIO=\"audio\"
180.m3u8
";

const MEDIA: &str = "#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI=\"720-0.mp4\",BYTERANGE=\"839@0\"
#EXTINF:2.000000,
#EXT-X-BYTERANGE:54627@839
720-0.mp4
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"720-1.mp4\",BYTERANGE=\"839@0\"
#EXTINF:1.500000,
#EXT-X-BYTERANGE:58759@839
720-1.mp4
#EXT-X-ENDLIST
";

fn addresses<'a>(playlist: &Playlist<'a>, length: usize) -> BTreeMap<&'a str, String> {
    let address = |name: &str| format!("https://s3.test/{name}?{}", "s".repeat(length));
    playlist.names().into_iter().map(|name| (name, address(name))).collect()
}

#[test]
fn a_masters_playlists_get_addresses_and_nothing_else_changes() {
    let playlist = Playlist::master(MASTER.as_bytes()).expect("a playlist");
    assert_eq!(playlist.names(), BTreeSet::from(["180.m3u8", "720.m3u8", "audio.m3u8"]));
    let written = playlist.with(&addresses(&playlist, 1));
    let expected = ["180", "720", "audio"].iter().fold(MASTER.to_owned(), |text, name| {
        text.replace(&format!("{name}.m3u8"), &format!("https://s3.test/{name}.m3u8?s"))
    });
    assert_eq!(written, expected);
}

#[test]
fn one_size_of_several_keeps_its_sound() {
    let one = only(MASTER.as_bytes(), "180").expect("a playlist");
    let playlist = Playlist::master(&one).expect("a playlist");
    assert_eq!(playlist.names(), BTreeSet::from(["180.m3u8", "audio.m3u8"]));
    for other in ["360", "audio", "", "180.m3u8"] {
        assert_eq!(only(MASTER.as_bytes(), other), None, "{other}");
    }
    assert_eq!(only(b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "180"), None);
}

#[test]
fn media_gets_addresses_in_lines_and_maps() {
    let playlist = Playlist::media(MEDIA.as_bytes()).expect("a playlist");
    assert_eq!(playlist.names(), BTreeSet::from(["720-0.mp4", "720-1.mp4"]));
    let written = playlist.with(&addresses(&playlist, 1));
    let expected = MEDIA.replace("720-0.mp4", "https://s3.test/720-0.mp4?s");
    assert_eq!(written, expected.replace("720-1.mp4", "https://s3.test/720-1.mp4?s"));
}

#[test]
fn a_playlist_without_a_last_line_end_is_whole() {
    let text = MEDIA.trim_end().strip_suffix("\n#EXT-X-ENDLIST").expect("an end");
    let playlist = Playlist::media(text.as_bytes()).expect("a playlist");
    assert!(playlist.with(&addresses(&playlist, 0)).ends_with("\nhttps://s3.test/720-1.mp4?"));
}

#[test]
fn addresses_are_written_once_where_they_would_fill_the_answer() {
    let playlist = Playlist::media(MEDIA.as_bytes()).expect("a playlist");
    let addresses = addresses(&playlist, MOST_IN_FULL / 4);
    let written = playlist.with(&addresses);
    let expected = format!(
        "#EXTM3U
#EXT-X-VERSION:8
#EXT-X-DEFINE:NAME=\"720-0\",VALUE=\"{}\"
#EXT-X-DEFINE:NAME=\"720-1\",VALUE=\"{}\"
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI=\"{{$720-0}}\",BYTERANGE=\"839@0\"
#EXTINF:2.000000,
#EXT-X-BYTERANGE:54627@839
{{$720-0}}
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"{{$720-1}}\",BYTERANGE=\"839@0\"
#EXTINF:1.500000,
#EXT-X-BYTERANGE:58759@839
{{$720-1}}
#EXT-X-ENDLIST
",
        addresses["720-0.mp4"], addresses["720-1.mp4"]
    );
    assert!(written == expected, "{written:.300}");
}

/// Twelve hours in segments of two seconds, with addresses as long as a function signs them.
#[test]
fn the_longest_recording_fits_an_answer() {
    let head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MAP:URI=\"1080-0.mp4\",BYTERANGE=\"839@0\"\n";
    let segment = "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:1000000@20000000000\n1080-0.mp4\n";
    let text = head.to_owned() + &segment.repeat(21_600);
    let playlist = Playlist::media(text.as_bytes()).expect("a playlist");
    assert!(playlist.with(&addresses(&playlist, 2000)).len() < 2 << 20);
}

#[test]
fn no_other_name_is_taken_for_media() {
    let names = [
        "../../../../raw/0123456789abcde.mp4",
        "/720-0.mp4",
        "//evil.test/720-0.mp4",
        "https://evil.test/720-0.mp4",
        "720-0.mp4?x=1",
        "720-0.mp4#x",
        "720-0%2emp4",
        "..mp4",
        ".mp4",
        "720-0.MP4",
        "720-0.m4s",
        "0.json",
        "720.m3u8",
        "720-0.mp4\r",
        " 720-0.mp4",
        "720-0.mp4 ",
        "720_0.mp4",
        "{$720-0}",
        "\u{ff17}20-0.mp4",
        &format!("{}.mp4", "7".repeat(65)),
    ];
    for name in names {
        for line in
            [name.to_owned(), format!("#EXT-X-MAP:URI=\"{name}\""), format!("#EXT-X-KEY:A=\"b\",URI = \"{name}\"")]
        {
            let text = format!("{MEDIA}{line}\n");
            let refused = Playlist::media(text.as_bytes()).map(|playlist| playlist.names());
            assert_eq!(refused, Err(Unexpected("playlist")), "{line}");
        }
    }
}

#[test]
fn no_other_name_is_taken_for_a_playlist() {
    let names = ["master.m3u8", "../720.m3u8", "72.m3u8", "07200.m3u8", "0720.m3u8", "720p.m3u8", "720-0.mp4", ".m3u8"];
    for name in names {
        let text = format!("{MASTER}{name}\n");
        assert!(Playlist::master(text.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn what_is_no_playlist_is_refused() {
    for text in ["", "720-0.mp4\n", "\u{feff}#EXTM3U\n", "#EXTM3U", "#EXTM3U8\n", "<html>"] {
        assert!(Playlist::media(text.as_bytes()).is_err(), "{text}");
    }
    assert!(Playlist::media(b"#EXTM3U\n# \xff\n").is_err());
}

/// Quotes that do not end, empty texts, comments: nothing panics, and what is no name is left alone.
#[test]
fn odd_lines_are_left_alone() {
    let text = "#EXTM3U\n# 720-0.mp4 URI=\"../x\"\n#\n#EXT\n#EXT\"\n#EXT-X-A:B=\"\",C=\"\n\n#EXT-X-B:URI=\"720-0.mp4\n";
    let playlist = Playlist::media(text.as_bytes()).expect("a playlist");
    let addresses = BTreeMap::from([("720-0.mp4", "https://s3.test/".to_owned())]);
    assert_eq!(playlist.with(&addresses), text.replace("URI=\"720-0.mp4", "URI=\"https://s3.test/"));
}

#[test]
fn renditions_are_heights_or_audio() {
    for name in ["120", "720", "2160", "audio"] {
        assert!(is_rendition(name), "{name}");
    }
    for name in ["", "72", "072", "10800", "720p", "+720", "-72", "Audio", "master", "7 0", "../720", "720.m3u8"] {
        assert!(!is_rendition(name), "{name}");
    }
}

const CUES: &str = "WEBVTT

1
00:00:00.000 --> 00:00:05.000
storyboard.jpg#xywh=0,0,160,90

2
00:00:05.000 --> 00:00:07.500
storyboard.jpg#xywh=160,0,160,90
";

#[test]
fn cues_get_their_pictures_address() {
    let written = cues(CUES.as_bytes(), "https://s3.test/s?x=1").expect("cues");
    assert_eq!(written, CUES.replace("storyboard.jpg", "https://s3.test/s?x=1"));
}

#[test]
fn cues_name_nothing_else() {
    let lines = [
        "https://evil.test/storyboard.jpg#xywh=0,0,1,1",
        "../storyboard.jpg#xywh=0,0,1,1",
        "storyboard.jpg",
        "storyboard.jpg#xywh=0,0,1",
        "storyboard.jpg#xywh=0,0,1,-1",
        "storyboard.jpg#xywh=0,0,1,1,1",
        "storyboard.jpg#xywh=0,0,1,",
        "storyboard.jpg?#xywh=0,0,1,1",
        "<b>",
    ];
    for line in lines {
        assert!(cues(format!("{CUES}{line}\n").as_bytes(), "").is_err(), "{line}");
    }
    assert!(cues(b"", "").is_err());
    assert!(cues(b"WEBVTT\n\xff", "").is_err());
}
