use super::*;
use crate::{H264, PictureBuffer, Rotation};

const LIMITS: Limits = Limits::new(1_000_000_000);
const PLAIN: H264 =
    H264 { profile: 100, level: 40, chroma_format: 1, bit_depth: 8, progressive: true, fixed: true, buffer: None };

fn video(codec: Codec, width: u32, height: u32) -> Track {
    Track { kind: Kind::Video, codec, width, height, sample_count: Some(60), ..Track::new(0) }
}

fn audio(codec: Codec, channels: u16) -> Track {
    Track { kind: Kind::Audio, codec, channels, ..Track::new(1) }
}

fn decided(container: Container, tracks: &[Track]) -> Decision {
    decide(&Facts { container, bytes: 1000, duration: Some(Duration::from_secs(60)), tracks }, &LIMITS)
}

fn planned(track: Track) -> VideoPlan {
    match decided(Container::Mp4, &[track]) {
        Decision::Publish(plan) => plan.video,
        Decision::Reject(reason) => panic!("{reason}"),
    }
}

fn refused(tracks: &[Track]) -> Reason {
    match decided(Container::Mp4, tracks) {
        Decision::Reject(reason) => reason,
        Decision::Publish(plan) => panic!("{plan:?}"),
    }
}

fn h264(change: impl FnOnce(&mut H264), width: u32, height: u32) -> VideoPlan {
    let mut parameters = PLAIN;
    change(&mut parameters);
    planned(video(Codec::H264(parameters), width, height))
}

#[test]
fn what_plays_everywhere_is_copied() {
    assert_eq!(h264(|_| {}, 1920, 1080), VideoPlan::Copy { level: None });
    assert_eq!(h264(|p| p.profile = 66, 641, 359), VideoPlan::Copy { level: None });
    assert_eq!(h264(|p| p.profile = 77, 1080, 1920), VideoPlan::Copy { level: None });
    assert_eq!(h264(|p| p.level = 42, 2048, 1088), VideoPlan::Copy { level: None });
    assert_eq!(h264(|p| p.level = 51, 3840, 2160), VideoPlan::Copy { level: None }, "4K at its level is not scaled");
    assert_eq!(h264(|p| p.level = 52, 5120, 2880), VideoPlan::Copy { level: None });
}

#[test]
fn what_some_phone_refuses_is_encoded() {
    let full_hd = VideoPlan::Encode { width: 1920, height: 1080, trim: false };
    assert_eq!(h264(|p| p.level = 51, 1920, 1080), full_hd);
    assert_eq!(h264(|p| p.level = 52, 3840, 2160), full_hd);
    assert_eq!(h264(|p| p.profile = 110, 1920, 1080), full_hd);
    assert_eq!(h264(|p| p.bit_depth = 10, 1920, 1080), full_hd);
    assert_eq!(h264(|p| p.chroma_format = 3, 1920, 1080), full_hd);
    assert_eq!(h264(|p| p.progressive = false, 1920, 1080), full_hd);
    assert_eq!(h264(|p| p.fixed = false, 1920, 1080), full_hd);
    for codec in [Codec::Hevc, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::Other("avc1".into())] {
        assert_eq!(planned(video(codec, 1920, 1080)), full_hd);
    }
}

#[test]
fn a_level_that_is_only_declared_is_mended() {
    let buffer = PictureBuffer { columns: 120, rows: 68, reference_frames: 4, decoded_frames: Some(4) };
    let stream = H264 { level: 62, buffer: Some(buffer), ..PLAIN };
    let modest = Track { peak_fps: Some(60), bit_rate: Some(8_000_000), ..video(Codec::H264(stream), 1920, 1080) };
    let mended = VideoPlan::Copy { level: Some(42) };
    assert_eq!(planned(modest.clone()), mended);
    assert_eq!(planned(Track { peak_fps: Some(64), bit_rate: Some(62_500_000), ..modest.clone() }), mended);
    let with = |buffer| Track { codec: Codec::H264(H264 { buffer, ..stream }), ..modest.clone() };
    for needy in [
        Track { peak_fps: Some(65), ..modest.clone() },
        Track { peak_fps: None, ..modest.clone() },
        Track { bit_rate: Some(62_500_001), ..modest.clone() },
        Track { bit_rate: None, ..modest.clone() },
        with(None),
        with(Some(PictureBuffer { reference_frames: 5, ..buffer })),
        with(Some(PictureBuffer { decoded_frames: Some(5), ..buffer })),
        with(Some(PictureBuffer { rows: 73, ..buffer })),
        with(Some(PictureBuffer { columns: 264, rows: 1, ..buffer })),
    ] {
        assert!(matches!(planned(needy.clone()), VideoPlan::Encode { .. }), "{needy:?}");
    }
    let main = Track { codec: Codec::H264(H264 { profile: 77, ..stream }), bit_rate: Some(50_000_001), ..modest };
    assert!(matches!(planned(main), VideoPlan::Encode { .. }), "Main has less room than High");
}

#[test]
fn encoded_sizes_fit_are_even_and_never_grow() {
    let size = |width, height| match planned(video(Codec::Vp9, width, height)) {
        VideoPlan::Encode { width, height, trim } => (width, height, trim),
        VideoPlan::Copy { .. } => panic!("copied"),
    };
    assert_eq!(size(640, 360), (640, 360, false));
    assert_eq!(size(641, 359), (640, 358, true));
    assert_eq!(size(3840, 2160), (1920, 1080, false));
    assert_eq!(size(2160, 3840), (1080, 1920, false));
    assert_eq!(size(2560, 1600), (1728, 1080, false));
    assert_eq!(size(1921, 1080), (1920, 1078, false));
    assert_eq!(size(1200, 1200), (1080, 1080, false));
    assert_eq!(size(1, 1), (2, 2, false));
    assert_eq!(size(16_384, 2), (1920, 2, false));
    for (width, height) in (1..16_384).step_by(97).zip((1..4096).step_by(23)) {
        let (w, h, _) = size(width, height);
        assert!(w % 2 == 0 && h % 2 == 0 && w.max(h) <= 1920 && w.min(h) <= 1080, "{width}x{height}: {w}x{h}");
        assert!(w <= width.max(2) && h <= height.max(2), "{width}x{height}: {w}x{h}");
    }
}

#[test]
fn encoded_sizes_are_as_shown() {
    let turned = Track { rotation: Rotation::Quarter, ..video(Codec::Hevc, 3840, 2160) };
    assert_eq!(planned(turned), VideoPlan::Encode { width: 1080, height: 1920, trim: false });
    let wide = Track { pixel_aspect: (64, 45), ..video(Codec::Other("mpeg2video".into()), 720, 576) };
    assert_eq!(planned(wide), VideoPlan::Encode { width: 1024, height: 576, trim: false });
}

#[test]
fn copied_packets_need_timestamps() {
    let tracks = [video(Codec::H264(PLAIN), 640, 360)];
    for (container, copied) in
        [(Container::Matroska, true), (Container::MpegTs, true), (Container::Flv, true), (Container::Avi, false)]
    {
        let Decision::Publish(plan) = decided(container, &tracks) else { panic!("{container:?}") };
        assert_eq!(plan.video == VideoPlan::Copy { level: None }, copied, "{container:?}");
        assert_eq!(plan.container, container);
    }
}

#[test]
fn sound_is_copied_encoded_or_absent() {
    let plan = |tracks: &[Track]| match decided(Container::Mp4, tracks) {
        Decision::Publish(plan) => plan.audio,
        Decision::Reject(reason) => panic!("{reason}"),
    };
    let picture = video(Codec::H264(PLAIN), 640, 360);
    assert_eq!(plan(std::slice::from_ref(&picture)), AudioPlan::None);
    assert_eq!(plan(&[picture.clone(), audio(Codec::Aac { object_type: 2 }, 6)]), AudioPlan::Copy { stream: 1 });
    let encoded = |channels| AudioPlan::Encode { stream: 1, channels };
    assert_eq!(plan(&[picture.clone(), audio(Codec::Aac { object_type: 5 }, 2)]), encoded(2));
    assert_eq!(plan(&[picture.clone(), audio(Codec::Other("opus".into()), 1)]), encoded(1));
    assert_eq!(plan(&[picture, audio(Codec::Other("flac".into()), 0)]), encoded(2));
}

#[test]
fn covers_and_empty_tracks_are_passed_over() {
    let cover = Track { picture: true, ..video(Codec::Other("mjpeg".into()), 500, 500) };
    let hollow = Track { sample_count: Some(0), ..video(Codec::Hevc, 640, 360) };
    let real = Track { index: 2, ..video(Codec::H264(PLAIN), 640, 360) };
    let Decision::Publish(plan) = decided(Container::Mp4, &[cover.clone(), hollow.clone(), real]) else {
        panic!("refused")
    };
    assert_eq!((plan.video_stream, plan.video), (2, VideoPlan::Copy { level: None }));
    assert_eq!(refused(std::slice::from_ref(&hollow)), Reason::NothingRecorded);
    assert_eq!(refused(&[]), Reason::NothingRecorded);
    assert_eq!(refused(&[cover, audio(Codec::Other("mp3".into()), 2)]), Reason::NoPicture);
}

#[test]
fn limits_are_kept_before_anything_is_decoded() {
    let fine = video(Codec::Vp9, 640, 360);
    assert_eq!(refused(&[video(Codec::Vp9, 16_385, 2)]), Reason::TooManyPixels);
    assert_eq!(refused(&[video(Codec::Vp9, 16_384, 16_384)]), Reason::TooManyPixels);
    assert_eq!(refused(&[Track { pixel_aspect: (u32::MAX, 1), ..fine.clone() }]), Reason::TooManyPixels);
    assert_eq!(refused(&[video(Codec::Vp9, 0, 360)]), Reason::Unreadable);
    assert_eq!(refused(&vec![fine.clone(); 65]), Reason::TooManyTracks);
    assert_eq!(refused(&[video(Codec::Protected, 640, 360)]), Reason::Protected);
    assert_eq!(refused(&[fine.clone(), audio(Codec::Protected, 2)]), Reason::Protected);
    assert!(matches!(planned(video(Codec::Vp9, 8192, 8192)), VideoPlan::Encode { .. }));

    let tracks = [fine];
    let of = |bytes, hours: u64| Facts {
        container: Container::Mp4,
        bytes,
        duration: Some(Duration::from_secs(hours * 3600)),
        tracks: &tracks,
    };
    assert_eq!(decide(&of(1000, 13), &LIMITS), Decision::Reject(Reason::TooLong { hours: 12 }));
    let too_large = Reason::TooManyBytes { limit: LIMITS.max_bytes };
    assert_eq!(decide(&of(LIMITS.max_bytes + 1, 1), &LIMITS), Decision::Reject(too_large));
    assert_eq!(decide(&of(0, 1), &LIMITS), Decision::Reject(Reason::Empty));
    let text = Facts { container: Container::Text, ..of(1000, 1) };
    assert_eq!(decide(&text, &LIMITS), Decision::Reject(Reason::NotAVideo));
}

#[test]
fn a_track_longer_than_the_file_says_counts() {
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
    let picture = video(Codec::H264(PLAIN), 640, 480);
    let refusal = Reason::TooLong { hours: 12 };
    assert_eq!(refused(&[Track { duration: hours(13), ..picture.clone() }]), refusal);
    let sound = Track { duration: hours(13), ..audio(Codec::Aac { object_type: 2 }, 2) };
    assert_eq!(refused(&[picture.clone(), sound]), refusal);
    // A clock that runs on is nobody's recording.
    let timecode = Track { duration: hours(24), ..Track::new(1) };
    assert!(matches!(decided(Container::Mp4, &[picture, timecode]), Decision::Publish(_)));
}
