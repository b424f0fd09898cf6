use super::*;

fn segments(indices: &[u32]) -> Vec<Segment> {
    indices.iter().map(|index| Segment { index: *index, seconds: 1.5 }).collect()
}

/// Numbers in the playlist; a hole is negative.
fn numbers(indices: &[u32], over: bool) -> Vec<i64> {
    let entries = entries(&segments(indices), over);
    entries.iter().map(|entry| if entry.there { i64::from(entry.index) } else { -i64::from(entry.index) }).collect()
}

#[test]
fn what_follows_a_new_hole_waits_until_it_is_one() {
    assert_eq!(numbers(&[1, 2, 3], false), [1, 2, 3]);
    assert_eq!(numbers(&[1, 3, 4, 5, 6, 7], false), [1]);
    assert_eq!(numbers(&[1, 3, 4, 5, 6, 7, 8], false), [1, -2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(numbers(&[2, 3], false), [0; 0]);
}

#[test]
fn of_an_ended_recording_everything_is_shown() {
    assert_eq!(numbers(&[1, 3], true), [1, -2, 3]);
    assert_eq!(numbers(&[3], true), [-1, -2, 3]);
}

#[test]
fn a_hole_of_days_does_not_fill_the_answer() {
    assert_eq!(numbers(&[1, 99_999], true), [1]);
    assert_eq!(numbers(&[40_000], true).len(), 40_000);
}

#[test]
fn a_playlist_follows_the_recording_until_it_ends() {
    let entries = entries(&segments(&[1, 3]), true);
    let addresses = ["a", "b", "c"].map(str::to_owned);
    let head = |kind: &str| {
        format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXT-X-PLAYLIST-TYPE:{kind}\n#EXT-X-MAP:URI=\"init\"\n"
        )
    };
    let list = "#EXTINF:1.500,\na\n#EXTINF:2.000,\n#EXT-X-GAP\nb\n#EXTINF:1.500,\nc\n";
    assert_eq!(written("init", &entries, &addresses, true), format!("{}{list}#EXT-X-ENDLIST\n", head("VOD")));
    assert_eq!(written("init", &entries, &addresses, false), format!("{}{list}", head("EVENT")));
}

#[test]
fn the_longest_segment_is_the_target() {
    let long = [Segment { index: 1, seconds: 4.2 }];
    let text = written("init", &super::entries(&long, true), &["a".to_owned()], true);
    assert!(text.contains("#EXT-X-TARGETDURATION:5\n"), "{text}");
}

/// Twelve hours in segments of two seconds, with addresses as long as a function signs them.
#[test]
fn the_longest_recording_fits_an_answer() {
    let entries = entries(&segments(&(1..=21_600).collect::<Vec<_>>()), true);
    let route = "/api/playlist?videoId=0123456789abcde&videoType=segment&track=video&index=12345";
    let address = |number: usize| if number < entries.len() - SIGNED { route.to_owned() } else { "s".repeat(2000) };
    let addresses: Vec<_> = (0..entries.len()).map(address).collect();
    assert!(written("init", &entries, &addresses, true).len() < 3 << 20);
}

#[test]
fn a_master_names_sound_only_when_there_is_some() {
    let id = ShareCode::parse("0123456789abcde").expect("a code");
    let listed = Listed { begun: true, segments: segments(&[1]) };
    let silent = Manifest { video: listed.clone(), ..Manifest::default() };
    let playlist = "/api/playlist?videoId=0123456789abcde&videoType=segments";
    assert_eq!(
        master(&id, &silent, false),
        format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=2000000\n\
             {playlist}-video\n"
        )
    );
    let heard = Manifest { audio: listed, ..silent };
    assert_eq!(
        master(&id, &heard, true),
        format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",\
             NAME=\"default\",DEFAULT=YES,AUTOSELECT=YES,URI=\"{playlist}-audio&requireComplete=1\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2000000,AUDIO=\"audio\"\n{playlist}-video&requireComplete=1\n"
        )
    );
}
