//! The bucket.

use common::check::Check;
use words::checks as said;

pub(super) fn bucket(answer: Result<(), &'static str>) -> Check {
    let (id, name) = ("bucket", said().bucket);
    match answer {
        Ok(()) => Check::good(id, name, said().bucket_good),
        Err(why) => Check::wrong(id, name, why, said().bucket_advice),
    }
}

/// Whether pages of the site may store files and read what S3 answers.
pub(super) fn stores(answer: Result<bool, &'static str>) -> Check {
    let (id, name) = ("bucket_cors", said().stores);
    match answer {
        Ok(true) => Check::good(id, name, said().stores_good),
        Ok(false) => Check::wrong(id, name, said().stores_wrong, said().stores_advice),
        Err(why) => Check::unknown(id, name, said().stores_unknown(why), said().stores_unknown_advice),
    }
}

/// Whether pieces of uploads that nobody completes are removed.
pub(super) fn abandoned(answer: Result<bool, &'static str>) -> Check {
    let (id, name) = ("abandoned_uploads", said().abandoned);
    match answer {
        Ok(true) => Check::good(id, name, said().abandoned_good),
        Ok(false) => Check::wrong(id, name, said().abandoned_wrong, said().abandoned_advice),
        Err(why) => Check::unknown(id, name, said().abandoned_unknown(why), said().abandoned_advice),
    }
}
