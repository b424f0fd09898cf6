//! Amazon's own authorities for RDS and Aurora, which no public list of authorities has.

/// One PEM a region, each after a line with the region's name.
const ROOTS: &str = include_str!("../../certificates/rds.pem");

/// The authority's certificate, in PEM, of a database host of Amazon RDS. `None` for any other host, and in a region whose
/// authority is not among those known here.
pub(super) fn root(host: &str) -> Option<&'static str> {
    // `{database}.{random}.{region}.rds.amazonaws.com`
    let region = host.strip_suffix(".rds.amazonaws.com")?.rsplit('.').next()?;
    let (_, after) = ROOTS.split_once(&format!("\n# {region}\n"))?;
    Some(after.split_once("\n# ").map_or(after, |(certificate, _)| certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_its_own_authority() {
        let virginia = root("capstan.cluster-c0ffee.us-east-1.rds.amazonaws.com").expect("a certificate");
        let frankfurt = root("capstan.c0ffee.eu-central-1.rds.amazonaws.com").expect("a certificate");
        for certificate in [virginia, frankfurt] {
            assert_eq!(certificate.matches("BEGIN CERTIFICATE").count(), 1);
        }
        assert_ne!(virginia, frankfurt);
    }

    #[test]
    fn nobody_else_is_vouched_for() {
        for host in
            ["db.example.com", "us-east-1.rds.amazonaws.com.evil.test", "x.mars-1.rds.amazonaws.com", "127.0.0.1"]
        {
            assert_eq!(root(host), None, "{host}");
        }
    }
}
