use super::*;

fn parsed(text: &str) -> Captions {
    Captions::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

fn shown(text: &str) -> Vec<(u64, u64, String)> {
    parsed(text).cues.iter().map(|cue| (cue.start, cue.end, cue.plain())).collect()
}

fn refused(text: &str) -> CaptionsError {
    Captions::parse(text.as_bytes()).expect_err(text)
}

const HELLO: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello\n";

#[test]
fn files_of_all_programs_are_read_alike() {
    for file in [
        HELLO,
        "WEBVTT - made by hand\nKind: captions\nLanguage: en\n\n1\n00:01.000 --> 00:02.500\nHello",
        "\u{feff}WEBVTT\r\n\r\n00:01.000 --> 00:02.500 region:top\r\nHello\r\n",
        "WEBVTT\r\r00:00:01.000\t-->\t00:00:02.500\rHello\r\r",
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:top\n\nNOTE a --> b\nand more\n\nintro\n00:01.000-->00:02.500\nHello\n\nNOTE",
        "1\n00:00:01,000 --> 00:00:02,500\nHello\n\n",
        "\u{feff}\r\n\r\n1\r\n00:00:01,000 --> 00:00:02,500 X1:1 X2:2\r\nHello\r\n",
        "00:00:01.000 --> 00:00:02.500\nHello",
        "7\n0:0:1,0 --> 0:0:2,5\n{\\an8}<font color=\"#fff\">Hello</font>\n   \n",
        "1\n00:01 --> 00:02,500000\nHello",
    ] {
        assert_eq!(parsed(file).vtt(), HELLO, "{file:?}");
    }
}

#[test]
fn utf_16_is_read_and_latin_1_is_named() {
    let units: Vec<u16> = format!("\u{feff}{HELLO}").encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for file in [little, big] {
        assert_eq!(Captions::parse(&file).map(|captions| captions.vtt()), Ok(HELLO.to_owned()));
    }
    let latin = b"1\r\n00:00:01,000 --> 00:00:02,500\r\nGr\xfc\xdfe\r\n";
    let error = Captions::parse(latin).expect_err("Latin-1");
    assert_eq!(error, CaptionsError::Encoding(3));
    assert!(error.to_string().starts_with("Line 3 has characters that are not UTF-8."), "{error}");
}

#[test]
fn what_is_wrong_is_named_by_its_line() {
    for (file, expected) in [
        ("", CaptionsError::Empty),
        ("WEBVTT\n\nNOTE nothing", CaptionsError::Empty),
        ("1\n00:01,0 --> 00:02,0\n\n", CaptionsError::Empty),
        ("just text", CaptionsError::NoTimes(1)),
        ("1\n00:00:01,000 -> 00:00:02,000\nHello", CaptionsError::NoTimes(2)),
        ("1\n00:01,0 --> 00:02,0\nHello\n\nand after a blank line", CaptionsError::NoTimes(5)),
        ("WEBVTT\n\n00:01.000 --> soon\nHello", CaptionsError::Time(3)),
        ("1\n-00:00:01,000 --> 00:00:02,000\nHello", CaptionsError::Time(2)),
        ("1\n00:61,000 --> 00:62,000\nHello", CaptionsError::Time(2)),
        ("1\n00:00:01,000 --> 9999:00:02,000\nHello", CaptionsError::Time(2)),
        ("1\n00:00:01,000 --> 99999999999999999999:00:02,000\nHello", CaptionsError::Time(2)),
        ("1\n00:00:02,000 --> 00:00:01,000\nHello", CaptionsError::Backwards(2)),
        ("WEBVTT\n\n00:02.000 --> 00:02.000\nHello", CaptionsError::Backwards(3)),
    ] {
        assert_eq!(refused(file), expected, "{file:?}");
    }
}

#[test]
fn arrows_in_words_end_no_caption() {
    for file in ["1\n00:01,0 --> 00:02,0\na --> b\n-->", "WEBVTT\n\n00:01.0 --> 00:02.0\na --> b\n-->"] {
        let captions = parsed(file);
        assert_eq!(captions.cues[0].plain(), "a --> b\n-->", "{file:?}");
        assert_eq!(parsed(&captions.vtt()), captions);
    }
}

#[test]
fn forgotten_blank_lines_are_found_by_times() {
    let file = "1\n00:01,0 --> 00:02,0\nOne\n2\n00:03,0 --> 00:04,0\nTwo, in 1984\n00:05,0 --> 00:06,0\nThree";
    let words: Vec<_> = shown(file).into_iter().map(|(_, _, words)| words).collect();
    assert_eq!(words, ["One", "Two, in 1984", "Three"]);
}

#[test]
fn captions_may_overlap_and_come_in_their_order() {
    let file = "2\n00:03,0 --> 00:09,0\nLast\n\n1\n00:01,0 --> 00:05,0\nFirst\n\n3\n00:03,0 --> 00:04,0\nAfter last";
    let expected = [(1000, 5000, "First"), (3000, 9000, "Last"), (3000, 4000, "After last")];
    assert_eq!(shown(file), expected.map(|(start, end, words)| (start, end, words.to_owned())));
}

#[test]
fn settings_that_place_a_caption_stay() {
    let file =
        "WEBVTT\n\n00:01.000 --> 00:02.000 align:start line:85% region:x evil:<script> position:10%,line-left\nHello";
    assert_eq!(parsed(file).cues[0].settings, "align:start line:85% position:10%,line-left");
}

#[test]
fn c14_what_is_written_in_a_caption_is_words() {
    let script = "<script>alert(1)</script> &amp; <b>bold</b> \u{202e}\u{1f3a5}";
    let captions = parsed(&format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{script}"));
    assert_eq!(captions.cues[0].text, script, "stored as it came");
    assert_eq!(captions.cues[0].plain(), "alert(1) & bold \u{202e}\u{1f3a5}");
    // SubRip has three tags; all else is words.
    let captions = parsed("1\n00:01,0 --> 00:02,0\n<script>alert(1)</script> AT&T <I>x</I> 1 < 2 {curly} &amp;");
    assert_eq!(captions.cues[0].plain(), "<script>alert(1)</script> AT&T x 1 < 2 {curly} &");
    assert!(captions.cues[0].text.contains("<i>x</i>"), "{captions:?}");
}

#[test]
fn edits_are_words_and_leave_markup_that_they_do_not_touch() {
    let captions = parsed(
        "WEBVTT\n\n00:01.0 --> 00:02.0\n<v Ada>Hello <i>you</i>\n\n00:03.0 --> 00:04.0\nGo\n\n00:05.0 --> 00:06.0\nOn",
    );
    let edit = |index, text: &str| Edit { index, text: text.to_owned() };
    let same = captions.edited(&[edit(0, "Hello you"), edit(1, "Go"), edit(2, "On")]).expect("the same");
    assert_eq!(same, captions);
    let other = captions.edited(&[edit(0, "Hi <b>&\r\n\r\n --> there"), edit(1, " \n")]).expect("others");
    assert_eq!(other.cues.len(), 2, "nothing said is no caption");
    assert_eq!(other.cues[0].text, "<v Ada>Hi &lt;b&gt;&amp;\n --&gt; there");
    assert_eq!(other.cues[0].plain(), "Hi <b>&\n --> there");
    assert_eq!(parsed(&other.vtt()), other);
    assert_eq!(captions.edited(&[edit(3, "x")]), Err(CaptionsError::NoCue(3)));
    assert_eq!(captions.edited(&[edit(0, ""), edit(1, ""), edit(2, "")]), Err(CaptionsError::Empty));
}

#[test]
fn other_formats_have_the_words() {
    let captions = parsed(
        "WEBVTT\n\n00:01.0 --> 01:00:02.0\n<v Ada Lovelace>Hello\n<i>you</i>\n\n00:03.0 --> 00:04.0\n<v Ada Lovelace>&amp; on\n\n00:05.0 --> 00:06.0\n<v Bob>So",
    );
    assert_eq!(
        captions.srt().lines().take(5).collect::<Vec<_>>(),
        ["1", "00:00:01,000 --> 01:00:02,000", "Hello", "you", ""]
    );
    assert_eq!(captions.text(), "Ada Lovelace: Hello you\n& on\nBob: So\n");
}

#[test]
fn too_much_is_refused() {
    assert_eq!(Captions::parse(&vec![b'a'; MAX_BYTES + 1]), Err(CaptionsError::Large));
    let many = |count: usize| -> String {
        let cue = |number: usize| format!("{number}\n00:00:{:02},000 --> 01:00:00,000\nWord\n\n", number % 60);
        (0..count).map(cue).collect()
    };
    assert_eq!(parsed(&many(10_000)).cues.len(), 10_000);
    assert_eq!(refused(&many(MAX_CUES + 1)), CaptionsError::Many);
    let swells = format!("1\n00:01,0 --> 00:02,0\n{}", "&".repeat(MAX_BYTES / 2));
    assert_eq!(refused(&swells), CaptionsError::Large);
}

/// Files that are cut, mixed and damaged: nothing panics, and what is taken reads as itself.
#[test]
fn whatever_comes_is_refused_or_stays_what_it_is() {
    let seeds = [
        HELLO.as_bytes(),
        b"1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hi</i> {\\an8}\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n<v Ada>a --> b &amp; &\r\n",
        "WEBVTT\n\nNOTE x\n\n00:01.0 --> 00:02.0 line:0\n<c.\u{e4}>\u{1f3a5}</c>\n\nSTYLE\n\n".as_bytes(),
        b"\xff\xfeW\0E\0B\0",
    ];
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    let mut taken = 0;
    for _ in 0..20_000 {
        let mut file: Vec<u8> = Vec::new();
        for _ in 0..=random(3) {
            let seed = seeds[random(seeds.len())];
            let from = random(seed.len());
            file.extend_from_slice(&seed[if random(2) == 0 { 0 } else { from }..]);
        }
        for _ in 0..random(4) {
            let at = random(file.len());
            match random(3) {
                0 => file[at] = u8::try_from(random(256)).unwrap_or(0),
                1 => file.insert(at, b"\n\r<>&-: \0."[random(10)]),
                _ => drop(file.remove(at)),
            }
            if file.is_empty() {
                break;
            }
        }
        if let Ok(captions) = Captions::parse(&file) {
            taken += 1;
            let vtt = captions.vtt();
            assert_eq!(Captions::parse(vtt.as_bytes()).as_ref(), Ok(&captions), "{vtt:?} of {file:?}");
            assert!(captions.cues.is_sorted_by_key(|cue| cue.start), "{vtt}");
            let edits = captions.cues.iter().enumerate();
            let edits = edits.map(|(index, cue)| Edit { index, text: cue.plain() }).collect::<Vec<_>>();
            if let Ok(edited) = captions.edited(&edits) {
                assert_eq!(Captions::parse(edited.vtt().as_bytes()).as_ref(), Ok(&edited));
            }
            let _ = (captions.srt(), captions.text());
        }
    }
    assert!(taken > 1000, "only {taken} were taken");
}
