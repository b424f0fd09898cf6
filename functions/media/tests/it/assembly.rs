//! Fragments become the file that FFmpeg would have written with its index in front.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use media::ffmpeg::fragmented_output;
use media::mp4::{self, Assembly, AssemblyError, Fragment, FragmentError, FragmentReader, Init};

use crate::support::{H264_AAC, Job, PICTURE, TONE, boxes, ffprobe, framemd5};

/// As the product encodes, but faster: a screen that stands still, moves at 30 fps and stands still again.
pub(crate) const SCREEN: &str = "-f lavfi -i testsrc2=s=320x180:r=30:d=6";
pub(crate) const SCREEN_H264: &str = "-filter:v select='lt(t,1)+between(t,2.4,3.3)+between(t,5.2,5.5)' -fps_mode vfr -enc_time_base 1:90000 \
     -c:v libx264 -preset veryfast -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*2)";

/// What ffmpeg writes to a pipe when it is asked for fragments.
pub(crate) fn fragmented(job: &Job, args: &str) -> Vec<u8> {
    let mut all: Vec<String> = ["-nostdin", "-v", "error"].map(str::to_owned).into();
    all.extend(args.split_whitespace().map(str::to_owned));
    fragmented_output(&mut all);
    all.push("pipe:1".into());
    let output = Command::new("ffmpeg").args(all).current_dir(job.dir()).stderr(Stdio::inherit()).output();
    let output = output.expect("ffmpeg");
    assert!(output.status.success());
    output.stdout
}

/// All fragments of a stream that arrives in pieces of so many bytes.
pub(crate) fn read(mut stream: &[u8], piece: usize) -> Result<(Init, Vec<Fragment>), FragmentError> {
    let (mut reader, mut fragments) = (FragmentReader::new(), Vec::new());
    while !stream.is_empty() {
        let (mut arrived, rest) = stream.split_at(piece.min(stream.len()));
        stream = rest;
        while let Some(fragment) = reader.feed(&mut arrived)? {
            fragments.push(fragment);
        }
    }
    let init = reader.init().cloned();
    reader.finish()?;
    Ok((init.expect("an index"), fragments))
}

/// The whole way: fragments in, file out.
pub(crate) fn assemble(stream: &[u8], pad_to: Option<u64>) -> Vec<u8> {
    let (init, fragments) = read(stream, 10_007).expect("fragments");
    let (mut assembly, mut media) = (Assembly::new(), Vec::new());
    let stream = assembly.stream(&init);
    for fragment in fragments {
        assembly.add(stream, &fragment).expect("added");
        media.extend_from_slice(&fragment.media);
    }
    assert_eq!(assembly.media_bytes(), media.len() as u64);
    [assembly.head(pad_to).expect("a head"), media].concat()
}

/// Every packet of a file, by stream.
pub(crate) fn packets(file: &Path) -> Vec<String> {
    let shown = "-of compact=p=0 -show_entries packet=stream_index,pts,dts,duration,size,flags";
    let mut packets: Vec<_> = ffprobe(file, shown).lines().map(str::to_owned).collect();
    packets.sort_by_key(|packet| packet.split('|').next().map(str::to_owned));
    packets
}

/// When the file and its tracks begin and how long they are.
pub(crate) fn extent(file: &Path) -> String {
    let shown = "-show_entries format=start_time,duration:\
                 stream=codec_name,codec_tag_string,profile,time_base,start_pts,duration_ts,nb_frames,width,height:\
                 stream_side_data=rotation";
    ffprobe(file, shown)
}

/// Asserts that a file presents what another one does, packet by packet and frame by frame.
pub(crate) fn same(ours: &Path, reference: &Path) {
    assert_eq!(extent(ours), extent(reference));
    let (left, right) = (packets(ours), packets(reference));
    assert!(!left.is_empty());
    for (ours, theirs) in left.iter().zip(&right) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(left.len(), right.len());
    // Without frame rate conversion, every frame keeps its time; by track, since their order in the file may differ.
    for track in ["v", "a"] {
        let args = format!("-map 0:{track}? -fps_mode passthrough");
        if !ffprobe(ours, &format!("-select_streams {track} -show_entries stream=index")).is_empty() {
            assert_eq!(framemd5(ours, &args), framemd5(reference, &args));
        }
    }
}

/// Makes the same recording both ways and asserts that they are one.
fn proved(job: &Job, args: &str) -> PathBuf {
    let args = format!("{args} -map_metadata -1");
    let reference = job.make("reference.mp4", &format!("{args} -movie_timescale 90000 -movflags +faststart"));
    let ours = job.write("assembled.mp4", &assemble(&fragmented(job, &args), None));
    same(&ours, &reference);
    let index = mp4::read_file(&ours).expect("an index");
    assert!(index.moov_before_media && !index.fragmented);
    ours
}

#[test]
fn a_screen_recording_with_sound_is_as_ffmpeg_writes_it() {
    let job = Job::new();
    let ours = proved(&job, &format!("{SCREEN} -f lavfi -i sine=d=5.5 {SCREEN_H264} -c:a aac"));
    let packets = packets(&ours);
    let pictures: Vec<_> = packets.iter().filter(|packet| packet.starts_with("stream_index=0")).collect();
    assert!(pictures.iter().filter(|packet| packet.contains("flags=K")).count() > 1, "more than one GOP");
    let field =
        |packet: &str, name: &str| packet.split('|').find_map(|field| field.strip_prefix(name).map(str::to_owned));
    assert!(pictures.iter().any(|packet| field(packet, "pts=") != field(packet, "dts=")), "B-frames");
}

#[test]
fn sound_that_begins_late_stays_late() {
    let job = Job::new();
    proved(&job, &format!("{SCREEN} -itsoffset 0.7 -f lavfi -i sine=d=4:r=48000 {SCREEN_H264} -c:a aac"));
    proved(&job, &format!("{SCREEN} -itsoffset 15 -f lavfi -i sine=d=2:r=48000 {SCREEN_H264} -c:a aac"));
    proved(&job, &format!("-itsoffset 0.3 {SCREEN} -f lavfi -i sine=d=4:r=48000 {SCREEN_H264} -c:a aac"));
}

#[test]
fn a_recording_without_sound_is_as_ffmpeg_writes_it() {
    proved(&Job::new(), &format!("{SCREEN} {SCREEN_H264}"));
    proved(&Job::new(), "-f lavfi -i testsrc2=s=64x64:r=5:d=0.2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p");
}

#[test]
fn sound_may_be_longer_than_the_picture_and_of_any_kind() {
    let job = Job::new();
    proved(&job, &format!("{PICTURE} -f lavfi -i sine=d=12.345 {H264_AAC} -ac 2"));
    proved(&job, &format!("{SCREEN} -f lavfi -i sine=d=0.5:r=22050 {SCREEN_H264} -c:a aac -ac 1"));
    proved(&job, "-f lavfi -i sine=d=3 -c:a aac");
}

/// Asserts that a file holds the packets of another one at the same times. How long the last picture is shown may differ:
/// sources of varying rate do not say, and ffmpeg guesses from the average.
fn alike(ours: &Path, reference: &Path) {
    let without_duration = |file: &Path| {
        let fields = packets(file).into_iter().map(|packet| {
            let fields = packet.split('|').filter(|field| !field.starts_with("duration="));
            fields.map(|field| field.replace("_D", "__")).collect::<Vec<_>>()
        });
        fields.collect::<Vec<_>>()
    };
    for (ours, theirs) in without_duration(ours).iter().zip(&without_duration(reference)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(packets(ours).len(), packets(reference).len());
    let begins = "-show_entries format=start_time:stream=codec_name,codec_tag_string,time_base,start_pts,nb_frames";
    assert_eq!(ffprobe(ours, begins), ffprobe(reference, begins));
    let lengths = |file| ffprobe(file, "-show_entries stream=duration:format=duration");
    for (ours, theirs) in lengths(ours).lines().zip(lengths(reference).lines()) {
        let apart = ours.parse::<f64>().expect("seconds") - theirs.parse::<f64>().expect("seconds");
        assert!(apart.abs() < 0.1, "{ours} and {theirs} s");
    }
}

/// Hashes of a file's decoded pictures.
fn pictures(file: &Path) -> Vec<String> {
    let lines = framemd5(file, "-map 0:v -fps_mode passthrough");
    let hash = |line: &str| line.rsplit_once(',').map(|(_, hash)| hash.trim().to_owned());
    lines.lines().filter(|line| !line.starts_with('#')).filter_map(hash).collect()
}

#[test]
fn what_is_remuxed_keeps_its_packets() {
    let job = Job::new();
    job.make("source.mov", &format!("{SCREEN} -f lavfi -i sine=d=5.5:r=48000 {SCREEN_H264} -c:a aac"));
    // Once the whole, and once from between two keyframes on: what comes before is cut away by the edit list.
    let cuts: [(&str, &[&str]); 4] =
        [("a.mov", &["", "-ss 3"]), ("a.mkv", &["", "-ss 3"]), ("a.flv", &[""]), ("a.ts", &[""])];
    for (name, cuts) in cuts {
        let source = job.make(name, "-i source.mov -c copy");
        for from in cuts {
            let args = format!("{from} -i {name} -c copy -map_metadata -1");
            let reference = job.make("reference.mp4", &format!("{args} -movie_timescale 90000 -movflags +faststart"));
            let ours = job.write("assembled.mp4", &assemble(&fragmented(&job, &args), None));
            alike(&ours, &reference);
            if from.is_empty() {
                assert_eq!(pictures(&ours), pictures(&source), "{name}");
            }
        }
    }
}

#[test]
fn a_stream_whose_beginning_is_missing_keeps_its_times() {
    let job = Job::new();
    let stream = fragmented(&job, &format!("{SCREEN} {SCREEN_H264}"));
    let whole = packets(&job.write("whole.mp4", &assemble(&stream, None)));
    let (init, fragments) = read(&stream, 4096).expect("fragments");
    let (mut assembly, mut media) = (Assembly::new(), Vec::new());
    let stream = assembly.stream(&init);
    for fragment in &fragments[1..] {
        assembly.add(stream, fragment).expect("added");
        media.extend_from_slice(&fragment.media);
    }
    let head = assembly.head(None).expect("a head");
    let rest = packets(&job.write("rest.mp4", &[head, media].concat()));
    assert!(rest.len() > 10 && rest.len() < whole.len());
    assert_eq!(rest, whole[whole.len() - rest.len()..]);
}

#[test]
fn the_next_fragment_tells_how_long_a_sample_lasts() {
    let job = Job::new();
    let (init, mut fragments) = read(&fragmented(&job, &format!("{SCREEN} {SCREEN_H264}")), 4096).expect("fragments");
    let head = |fragments: &[Fragment]| {
        let mut assembly = Assembly::new();
        let stream = assembly.stream(&init);
        fragments.iter().try_for_each(|fragment| assembly.add(stream, fragment)).and_then(|()| assembly.head(None))
    };
    let right = head(&fragments).expect("a head");
    let last = fragments[0].runs[0].samples.last_mut().expect("a sample");
    for wrong in [0, last.duration / 2, last.duration + 1000] {
        fragments[0].runs[0].samples.last_mut().expect("a sample").duration = wrong;
        assert_eq!(head(&fragments).as_ref(), Ok(&right));
    }
    fragments[1].runs[0].time = Some(0);
    assert_eq!(head(&fragments), Err(AssemblyError::Times));
}

#[test]
fn the_head_is_filled_up_to_any_length() {
    let job = Job::new();
    let stream = fragmented(&job, &format!("{PICTURE} {TONE} {H264_AAC}"));
    let plain = assemble(&stream, None);
    let media = boxes(&plain).last().map(|(kind, _, length)| (*kind, *length)).expect("media");
    assert_eq!(&media.0, b"mdat");
    let head = plain.len() - (media.1 - 8);
    let reference = packets(&job.write("plain.mp4", &plain));
    for more in [0, 1, 7, 8, 9, 100_000] {
        let padded = assemble(&stream, Some((head + more) as u64));
        assert_eq!(padded.len(), plain.len() + more, "{more}");
        assert_eq!(padded[head + more..], plain[head..], "{more}");
        assert_eq!(boxes(&padded).iter().map(|(_, _, length)| length).sum::<usize>(), padded.len(), "{more}");
        assert_eq!(packets(&job.write("padded.mp4", &padded)), reference, "{more}");
    }
    assert_eq!(assemble(&stream, Some(10)), plain);
}

#[test]
fn offsets_beyond_four_gigabytes_are_written_in_64_bits() {
    let job = Job::new();
    let (init, fragments) = read(&fragmented(&job, &format!("{PICTURE} {H264_AAC}")), 1 << 20).expect("fragments");
    let (mut assembly, fragment) = (Assembly::new(), &fragments[0]);
    let stream = assembly.stream(&init);
    assembly.add(stream, fragment).expect("added");
    assert!(kinds(&assembly.head(None).expect("a head")).contains(b"stco"));
    let silence = Fragment { runs: Vec::new(), media: vec![0; 60 << 20] };
    while assembly.media_bytes() <= u64::from(u32::MAX) {
        assembly.add(stream, &silence).expect("added");
    }
    let head = assembly.head(None).expect("a head");
    assert!(kinds(&head).contains(b"co64"));
    let mdat = &head[head.len() - 16..];
    assert_eq!(mdat[..8], *b"\0\0\0\x01mdat");
    assert_eq!(mdat[8..], (assembly.media_bytes() + 16).to_be_bytes());
}

/// Every four bytes, which is enough to see whether a box is there.
fn kinds(bytes: &[u8]) -> Vec<[u8; 4]> {
    bytes.array_windows::<4>().copied().collect()
}

#[test]
fn a_long_recording_costs_few_bytes_a_sample() {
    let job = Job::new();
    let stream = fragmented(&job, &format!("{SCREEN} -f lavfi -i sine=d=5.5:r=48000 {SCREEN_H264} -c:a aac"));
    let (init, fragments) = read(&stream, 4096).expect("fragments");
    let (mut assembly, mut samples) = (Assembly::new(), [0_u64; 3]);
    let stream = assembly.stream(&init);
    // The same again and again, as if it were one hour.
    let mut shift = 0;
    for _ in 0..600 {
        for fragment in &fragments {
            let mut fragment = fragment.clone();
            for run in &mut fragment.runs {
                samples[run.track as usize] += run.samples.len() as u64;
                run.time = run.time.map(|time| time + shift * if run.track == 1 { 90_000 } else { 48_000 });
            }
            assembly.add(stream, &fragment).expect("added");
        }
        shift += 6;
    }
    assert!(samples[1] > 36_000 && samples[2] > 100_000, "{samples:?}");
    let head = assembly.head(None).expect("a head").len() as u64;
    assert!(head < samples[1] * 24 + samples[2] * 8, "{head} bytes for {samples:?} samples");
}

#[test]
fn streams_that_end_early_are_told_from_whole_ones() {
    let job = Job::new();
    let stream = fragmented(&job, &format!("{PICTURE} {TONE} {H264_AAC}"));
    let (_, whole) = read(&stream, stream.len()).expect("fragments");
    assert!(whole.len() > 1, "more than one fragment");
    for piece in [1, 7, 16, 4096] {
        assert_eq!(read(&stream, piece).expect("fragments").1, whole, "pieces of {piece}");
    }
    let boxes = boxes(&stream);
    let between: Vec<usize> = boxes.iter().map(|(_, start, _)| *start).collect();
    for (kind, start, length) in &boxes {
        for end in [*start, start + 1, start + 7, start + 8, start + 9, start + length / 2, start + length - 1] {
            let result = read(&stream[..end], 4096).map(|_| ());
            // Whole until there: the index, and no head of a fragment without its media.
            let ends_well = between.contains(&end) && end > boxes[1].1 && kind != b"mdat";
            assert_eq!(result.is_ok(), ends_well, "{end}, in {}", String::from_utf8_lossy(kind));
            assert!(result.is_ok() || result == Err(FragmentError::Truncated), "{result:?}");
        }
    }
    assert_eq!(Assembly::new().head(None), Err(AssemblyError::Empty));
}

#[test]
fn damaged_heads_never_do_worse_than_fail() {
    let job = Job::new();
    let stream = fragmented(&job, &format!("{PICTURE} {TONE} {H264_AAC}"));
    let heads: Vec<_> = boxes(&stream).into_iter().filter(|(kind, _, _)| kind != b"mdat").collect();
    let mut outcomes = [0, 0];
    for (_, start, length) in heads {
        for at in start..start + length {
            for value in [0x00, 0x01, 0x7f, 0xff, stream[at] ^ 0x10] {
                let mut damaged = stream.clone();
                damaged[at] = value;
                outcomes[usize::from(survives(&damaged))] += 1;
            }
        }
    }
    assert!(outcomes[0] > 1000 && outcomes[1] > 1000, "{outcomes:?}");
}

/// Whether a stream becomes a file, in which case its length is in proportion.
fn survives(stream: &[u8]) -> bool {
    let Ok((init, fragments)) = read(stream, 65_536) else {
        return false;
    };
    let mut assembly = Assembly::new();
    let (streamed, joined) = (assembly.stream(&init), assembly.chunk(&init, 0));
    let mut added = true;
    for fragment in &fragments {
        added &= assembly.add(streamed, fragment).is_ok();
        if let Ok(joined) = joined {
            added &= assembly.add(joined, fragment).is_ok();
        }
    }
    let head = assembly.head(None);
    assert!(head.as_ref().is_ok_and(|head| head.len() < 4 << 20) || head.is_err());
    added && head.is_ok()
}

#[test]
fn what_is_over_the_bounds_is_refused_before_it_is_held() {
    let refused = |bytes: &[u8]| read(bytes, 4096).expect_err("refused");
    assert!(matches!(refused(b"\0\0\0\x01moov\0\0\0\0\x02\0\0\0"), FragmentError::TooLarge(_)));
    assert!(matches!(refused(b"\xff\xff\xff\xffmoof"), FragmentError::TooLarge(_)));
    assert!(matches!(refused(b"\x10\0\0\0mdat"), FragmentError::TooLarge(_)));
    assert!(matches!(refused(b"\0\0\0\0mdat"), FragmentError::Malformed(_)));
    assert!(matches!(refused(b"\0\0\0\x07free"), FragmentError::Malformed(_)));
    assert!(matches!(refused(b"\0\0\0\x08mdat"), FragmentError::Malformed(_)));
    assert!(matches!(refused(b"\0\0\0\x08moof"), FragmentError::Malformed(_)));
    assert_eq!(refused(b"\0\0\0\x08free"), FragmentError::Truncated);
    assert_eq!(refused(b""), FragmentError::Truncated);
    // A file that is not fragmented has an index that describes samples.
    let job = Job::new();
    let file =
        std::fs::read(job.make("plain.mp4", &format!("{PICTURE} {H264_AAC} -movflags +faststart"))).expect("a file");
    assert!(matches!(refused(&file), FragmentError::Malformed(_)));
}

#[test]
fn samples_that_cost_no_bytes_are_counted() {
    let job = Job::new();
    let mut stream = fragmented(&job, &format!("{PICTURE} {H264_AAC}"));
    let (_, moof, _) = *boxes(&stream).iter().find(|(kind, _, _)| kind == b"moof").expect("a fragment");
    let trun = moof + stream[moof..].windows(4).position(|bytes| bytes == b"trun").expect("a run");
    // No field of its own for any sample, and four billion of them.
    stream[trun + 4..trun + 8].fill(0);
    stream[trun + 8..trun + 12].fill(0xff);
    assert!(matches!(read(&stream, 4096), Err(FragmentError::TooLarge(_))));
}
