//! What CloudWatch measures by the lines.

use std::collections::{BTreeMap, BTreeSet};

use common::telemetry::{Metric, NAMESPACE};
use tests::emf::{self, Measured};

use super::{Day, day};

/// Everything that was measured, by the function whose lines tell it.
fn measured(day: &Day) -> Vec<Measured> {
    let mut all = Vec::new();
    for function in day.cloud.writers() {
        let mut told = BTreeSet::new();
        for line in day.cloud.lines(&function) {
            let measures = emf::read(&line).unwrap_or_else(|problem| panic!("{problem}: {line:?}"));
            let request = line["requestId"].to_string();
            assert!(measures.is_empty() || told.insert(request), "measured twice in one invocation: {line:?}");
            all.extend(measures);
        }
    }
    all
}

#[tokio::test]
async fn lines_with_metrics_are_as_cloudwatch_wants_them() {
    let known: BTreeMap<_, _> = Metric::ALL.into_iter().map(|metric| (metric.name(), metric)).collect();
    assert_eq!(known.len(), Metric::ALL.len());
    let measured = measured(day().await);
    assert!(!measured.is_empty());
    for one in measured {
        let metric = known.get(&one.name).unwrap_or_else(|| panic!("{one:?}"));
        assert_eq!((one.namespace.as_str(), one.unit.as_str()), (NAMESPACE, metric.unit()), "{one:?}");
        let names: Vec<_> = one.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, metric.dimensions(), "{one:?}");
        assert_eq!(one.dimensions[0].1, "capstan", "the stack's name: {one:?}");
        assert!(one.value >= 0.0, "{one:?}");
    }
}

#[tokio::test]
async fn what_has_happened_is_measured() {
    let day = day().await;
    let measured = measured(day);
    let sum = |metric: Metric| {
        let of: Vec<_> = measured.iter().filter(|one| one.name == metric.name()).map(|one| one.value).collect();
        (!of.is_empty()).then(|| of.iter().sum::<f64>())
    };
    assert_eq!(sum(Metric::LoginsDone), Some(1.0));
    assert_eq!(sum(Metric::LoginsRefused), Some(1.0));
    assert_eq!(sum(Metric::LoginsLimited), Some(1.0));
    let (asked, sent) = (sum(Metric::LoginsAsked), sum(Metric::MailsSent));
    assert!(asked > Some(1.0) && asked == sent, "{asked:?} {sent:?}");
    assert_eq!(sum(Metric::JobsRejected), Some(1.0));
    assert_eq!(sum(Metric::JobsFailed), Some(1.0));
    assert_eq!(sum(Metric::JobsDone), Some(2.0), "published and derived");
    assert_eq!(sum(Metric::JobsGivenUp), None);
    let waited = sum(Metric::TimeToReady).expect("it was published");
    assert!(waited > 0.0 && waited < 600.0, "{waited} seconds");
    let not_encoded = sum(Metric::SecondsNotEncoded).expect("it was published as it is");
    assert!((1.5..2.5).contains(&not_encoded), "{not_encoded} seconds of two");
    let (moved, copied) = (sum(Metric::BytesMoved), sum(Metric::BytesCopied));
    assert!(moved > Some(0.0) && copied > Some(4e6), "{moved:?} {copied:?}");
    assert!(sum(Metric::OldestJob).is_some(), "that there was a sweep");
    assert_eq!((sum(Metric::ServerErrors), sum(Metric::MailsFailed)), (Some(1.0), Some(1.0)), "without a ledger");

    let refused = measured.iter().filter(|one| one.name == Metric::ClientErrors.name());
    let refused: BTreeMap<_, _> = refused.map(|one| (one.dimensions[1].1.clone(), one.dimensions.len())).collect();
    assert_eq!(refused, BTreeMap::from([("auth".to_owned(), 2), ("share".to_owned(), 2)]));
}
