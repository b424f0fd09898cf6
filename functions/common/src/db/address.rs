//! Where the database is, and whom to believe that it is the database.

use std::net::IpAddr;

use mysql_async::{Opts, OptsBuilder, SslOpts};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::rds;
use crate::config::{ConfigError, DatabaseConfig};

/// The variables that a configuration was read from, to name them in what is said of it.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) url: &'static str,
    pub(super) ca: &'static str,
}

const OWN: Names = Names { url: "DATABASE_URL", ca: "DATABASE_CA" };

/// Reads the configuration. TLS is used unless the host is this machine, or when the address or an authority asks for
/// it.
pub(super) fn read(config: &DatabaseConfig) -> Result<Opts, ConfigError> {
    read_named(config, OWN)
}

/// The same of variables with other names.
pub(super) fn read_named(config: &DatabaseConfig, names: Names) -> Result<Opts, ConfigError> {
    let url = config.url.expose();
    let opts = parse(url, names)?;
    if opts.ssl_opts().is_none() && config.ca.is_none() && is_loopback(opts.ip_or_hostname()) {
        return Ok(opts);
    }
    let mut tls = tls_options(url, names)?;
    if let Some(ca) = &config.ca {
        check_ca(ca, names)?;
    }
    if let Some(ca) = config.ca.as_deref().or_else(|| rds::root(opts.ip_or_hostname())) {
        tls = tls.with_root_certs(vec![ca.as_bytes().to_vec().into()]);
    }
    // rustls chooses its cryptography by itself only where one build brings it one. What is installed already is as
    // good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(OptsBuilder::from_opts(opts).ssl_opts(tls).into())
}

fn parse(url: &str, names: Names) -> Result<Opts, ConfigError> {
    Opts::from_url(url).map_err(|error| ConfigError::new(names.url, format!("cannot be used: {error}")))
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || ip.is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// What the address says about certificates. The driver drops it unless the address also requires TLS; a parameter's
/// last value counts.
fn tls_options(url: &str, names: Names) -> Result<SslOpts, ConfigError> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let required = parse(&format!("{url}{separator}require_ssl=true"), names)?;
    Ok(required.ssl_opts().cloned().unwrap_or_default())
}

/// The driver reads the authority's certificate at the first connection, which is late to learn that it is none.
fn check_ca(pem: &str, names: Names) -> Result<(), ConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate =
            certificate.map_err(|error| ConfigError::new(names.ca, format!("is no certificate in PEM: {error}")))?;
        roots.add(certificate).map_err(|error| ConfigError::new(names.ca, format!("is no certificate: {error}")))?;
    }
    if roots.is_empty() {
        return Err(ConfigError::new(names.ca, "is no certificate in PEM: no line reads -----BEGIN CERTIFICATE-----"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn tls(url: &str) -> Option<SslOpts> {
        let opts = read(&DatabaseConfig { url: Secret::new(url), ca: None, pauses: false }).expect("an address");
        opts.ssl_opts().cloned()
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(tls(&format!("mysql://u:p@{host}:3306/d")), None, "{host}");
            assert!(tls(&format!("mysql://u:p@{host}:3306/d?require_ssl=true")).is_some(), "{host}");
        }
        for query in ["", "?", "?require_ssl=false", "?tcp_nodelay=true#fragment"] {
            let url = format!("mysql://u:p@db.example.com:3306/d{query}");
            assert_eq!(tls(&url), Some(SslOpts::default()), "{query}");
        }
    }

    #[test]
    fn amazons_own_authority_is_known_for_its_own_databases() {
        let roots = |host: &str| tls(&format!("mysql://u:p@{host}:3306/d")).expect("TLS").root_certs().len();
        assert_eq!(roots("capstan.cluster-c0ffee.eu-west-1.rds.amazonaws.com"), 1);
        assert_eq!(roots("db.example.com"), 0);
    }

    #[test]
    fn the_address_has_a_say_in_what_is_verified() {
        let tls = tls("mysql://u:p@db.example.com/d?verify_ca=false&verify_identity=false&built_in_roots=false");
        let tls = tls.expect("TLS");
        assert!(tls.accept_invalid_certs() && tls.skip_domain_validation() && tls.disable_built_in_roots());
    }

    #[test]
    fn what_cannot_be_read_is_named_without_the_password() {
        let refusal = |url: &str, ca: Option<&str>| {
            let config = DatabaseConfig { url: Secret::new(url), ca: ca.map(str::to_owned), pauses: false };
            read(&config).expect_err("refused").to_string()
        };
        for url in ["mysql://u:hush@h/d?what=1", "postgres://u:hush@h/d", "mysql://u:hush@h:port/d"] {
            let message = refusal(url, None);
            assert!(message.contains("DATABASE_URL") && !message.contains("hush"), "{message}");
        }
        for ca in [
            "garbage",
            "-----BEGIN CERTIFICATE-----\nMIIB\n",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        ] {
            let message = refusal("mysql://u:hush@h/d", Some(ca));
            assert!(message.contains("DATABASE_CA is no certificate") && !message.contains("hush"), "{message}");
        }
    }
}
