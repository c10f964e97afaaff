//! Servers behind TLS, under certificates of an authority of the test.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::answers::{Answer, Request, give};

/// What a server shows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    Good,
    Expired,
    OfAnotherHost,
    /// Signed by itself.
    OfNobody,
}

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The root that an app trusts.
    pub(crate) fn root(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A server under such a certificate, and its address.
    pub(crate) fn server(
        &self,
        certificate: Certificate,
        answer: impl Fn(Request) -> Answer + Send + Sync + 'static,
    ) -> String {
        let config = Arc::new(self.config(certificate));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                if let Some(request) = Request::read(&mut stream) {
                    give(&mut stream, answer(request), &AtomicUsize::new(0));
                    stream.conn.send_close_notify();
                    let _ = stream.conn.write_tls(&mut stream.sock);
                }
            }
        });
        format!("https://localhost:{port}")
    }

    fn config(&self, certificate: Certificate) -> ServerConfig {
        let host =
            if matches!(certificate, Certificate::OfAnotherHost) { "elsewhere.invalid" } else { "localhost" };
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        if matches!(certificate, Certificate::Expired) {
            params.not_after = date_time_ymd(2020, 2, 10);
        }
        let key = KeyPair::generate().unwrap();
        let signed = match certificate {
            Certificate::OfNobody => params.self_signed(&key),
            _ => params.signed_by(&key, &self.0),
        };
        let chain = vec![CertificateDer::from(signed.unwrap().der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}
