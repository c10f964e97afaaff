//! OpenSSL as the other side of both algorithms: it signs as a phone's hardware does and ours verifies, ours signs and
//! it verifies. And a phone whose vault is OpenSSL, from enrolment to the gate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "the counts are told")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use healthcode::checkpoint::{self, Checkpoint};
use healthcode::platform::{Ports, Vault, VaultError};
use healthcode::resident::{Entry, Resident};
use healthcode::rules::colour::Colour;
use healthcode::sync::ExchangeStep;
use healthcode::token::key::{PublicKey, Signer, SignerError};
use healthcode::token::{GateToken, Verdict};
use healthcode::{HealthcodeError, VaultKind};
use healthcode_attacks::world::{HOLDER, HardwareKey, Lane, code, key, sealed, showing, token};
use healthcode_e2e::phone::{at_home, li_si};
use healthcode_faults::house::{House, Phone};
use tempfile::TempDir;

/// Runs OpenSSL; none if it says no.
fn openssl(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl is there");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    output.status.success().then_some(output.stdout)
}

/// Makes a key on this curve.
fn make(curve: &str, file: &Path) {
    openssl(&["ecparam", "-name", curve, "-genkey", "-noout", "-out", file.to_str().unwrap()], b"").unwrap();
}

/// The key's point: it ends the subject's public key info (RFC 5480).
fn point(file: &Path, form: &str, bytes: usize) -> Vec<u8> {
    let arguments = ["ec", "-in", file.to_str().unwrap(), "-pubout", "-outform", "DER", "-conv_form", form];
    let info = openssl(&arguments, b"").unwrap();
    info[info.len() - bytes..].to_vec()
}

fn signed(file: &Path, message: &[u8]) -> Vec<u8> {
    openssl(&["dgst", "-sha256", "-sign", file.to_str().unwrap()], message).unwrap()
}

/// r‖s, as a signer must give it.
fn raw(der: &[u8]) -> p256::ecdsa::Signature {
    p256::ecdsa::Signature::from_der(der).unwrap()
}

fn with_high_s(signature: &p256::ecdsa::Signature) -> p256::ecdsa::Signature {
    let (r, s) = signature.normalize_s().split_scalars();
    p256::ecdsa::Signature::from_scalars(r, -s).unwrap()
}

/// A key that OpenSSL made and holds.
struct OpensslKey {
    file: PathBuf,
    high_s: Option<bool>,
}

impl OpensslKey {
    fn new(folder: &TempDir) -> Self {
        let file = folder.path().join("holder.pem");
        make("prime256v1", &file);
        Self { file, high_s: None }
    }
}

impl Signer for OpensslKey {
    fn public_key(&self) -> PublicKey {
        PublicKey::p256(&point(&self.file, "uncompressed", 65)).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature = raw(&signed(&self.file, message));
        Ok(match self.high_s {
            None => signature,
            Some(false) => signature.normalize_s(),
            Some(true) => with_high_s(&signature),
        }
        .to_bytes()
        .into())
    }
}

#[test]
fn a_code_that_openssl_signs_passes_with_low_and_with_high_s() {
    let folder = TempDir::new().unwrap();
    let mut holder = OpensslKey::new(&folder);
    let token = sealed(&GateToken { holder: Some(holder.public_key()), ..token() });
    for high_s in [None, Some(false), Some(true)] {
        holder.high_s = high_s;
        let bytes = showing(&token, 30).sign(None, &holder).unwrap();
        let mut lane = Lane::firm(30);
        assert_eq!(lane.scan(&code(&bytes)), "pass green", "{high_s:?}");
        // The other s makes another text of the same presentation: it is seen, not new.
        let mut other = bytes.clone();
        let place = bytes.len() - 64;
        let signature = p256::ecdsa::Signature::from_slice(&bytes[place..]).unwrap();
        let high = signature.normalize_s() != signature;
        let turned = if high { signature.normalize_s() } else { with_high_s(&signature) };
        other[place..].copy_from_slice(&turned.to_bytes());
        assert_ne!(other, bytes);
        assert_eq!(lane.scan(&code(&other)), "already_seen");
    }
}

#[test]
fn both_forms_of_a_point_are_the_same_key_and_no_third_one_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key.pem");
    for _ in 0..4 {
        make("prime256v1", &file);
        let (full, short) = (point(&file, "uncompressed", 65), point(&file, "compressed", 33));
        let key = PublicKey::p256(&full).unwrap();
        assert_eq!(PublicKey::p256(&short), Ok(key.clone()));
        assert_eq!(PublicKey::from_cose(&key.to_cose()), Ok(key));
        assert!(PublicKey::p256(&point(&file, "hybrid", 65)).is_err());
    }
}

#[test]
fn what_is_no_point_of_p_256_is_no_key() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("key.pem");
    make("prime256v1", &file);
    let own = point(&file, "uncompressed", 65);
    // The identity, a point moved off the curve by a bit, coordinates beyond the field, x alone, a byte too many.
    let mut moved = own.clone();
    moved[64] ^= 1;
    let beyond = [&[4][..], &[0xff; 64]].concat();
    for wrong in [&[0][..], &[0; 33], &[0; 65], &moved, &beyond, &own[..33], &[&own[..], &[0]].concat(), &[]]
    {
        assert!(PublicKey::p256(wrong).is_err(), "{wrong:02x?}");
    }
    for (curve, bytes) in [("secp256k1", 65), ("secp384r1", 97), ("secp521r1", 133), ("brainpoolP256r1", 65)]
    {
        make(curve, &file);
        assert!(PublicKey::p256(&point(&file, "uncompressed", bytes)).is_err(), "{curve}");
    }
}

#[test]
fn openssl_verifies_what_our_keys_sign_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // RFC 8410: the subject's public key info of an Ed25519 key is this head and the 32 bytes.
    let cose = key(HOLDER).public_key().to_cose();
    let info = [&b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"[..], &cose[8..]].concat();
    let (message, signature, public) = (path("message"), path("signature"), path("public.der"));
    std::fs::write(&public, info).unwrap();
    let verified = |signed: &[u8], bytes: &[u8]| {
        std::fs::write(&message, signed).unwrap();
        std::fs::write(&signature, bytes).unwrap();
        let arguments =
            ["pkeyutl", "-verify", "-pubin", "-inkey", &public, "-keyform", "DER", "-rawin", "-in"];
        openssl(&[&arguments[..], &[&message, "-sigfile", &signature]].concat(), b"").is_some()
    };
    let own = key(HOLDER).sign(b"what is shown").unwrap();
    assert!(verified(b"what is shown", &own));
    assert!(!verified(b"what is not", &own));

    let hardware = HardwareKey::new(HOLDER);
    let compressed = hardware.public_key().to_cose();
    // The last byte says whether y is odd: f4 or f5.
    let sec1 = [&[2 + compressed[41] % 2][..], &compressed[8..40]].concat();
    // RFC 5480: the head of a compressed P-256 key's info.
    let head = b"\x30\x39\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x22\x00";
    std::fs::write(&public, [&head[..], &sec1].concat()).unwrap();
    let verified = |signed: &[u8], bytes: &[u8; 64]| {
        std::fs::write(&signature, p256::ecdsa::Signature::from_slice(bytes).unwrap().to_der().as_bytes())
            .unwrap();
        let arguments = ["dgst", "-sha256", "-keyform", "DER", "-verify", &public, "-signature", &signature];
        openssl(&arguments, signed).is_some()
    };
    let own = hardware.sign(b"what is shown").unwrap();
    assert!(verified(b"what is shown", &own));
    assert!(!verified(b"what is not", &own));
}

/// How a vault misbehaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// It names a point that lies on no curve.
    OffCurve,
    /// It names a key of another curve.
    OtherCurve,
    /// It names the point at infinity.
    Identity,
    /// It signs with another key than it named.
    OtherKey,
}

/// A phone's vault whose hardware is OpenSSL: DER, and of both s whichever comes.
struct OpensslVault {
    folder: TempDir,
    inner: Arc<dyn Vault>,
    fault: Fault,
}

impl OpensslVault {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Vault for OpensslVault {
    fn seal(&self, plain: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.inner.seal(plain)
    }

    fn unseal(&self, sealed: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        self.inner.unseal(sealed)
    }

    fn hardware_public_key(&self, name: String) -> Result<Option<Vec<u8>>, VaultError> {
        let file = self.file(&name);
        if !file.exists() {
            make(if self.fault == Fault::OtherCurve { "secp256k1" } else { "prime256v1" }, &file);
        }
        let mut named = point(&file, "uncompressed", 65);
        match self.fault {
            Fault::OffCurve => named[64] ^= 1,
            Fault::Identity => named = vec![0],
            // What it goes on to sign with is a new one.
            Fault::OtherKey => make("prime256v1", &file),
            Fault::None | Fault::OtherCurve => {}
        }
        Ok(Some(named))
    }

    fn sign(&self, name: String, message: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let file = self.file(&name);
        if file.exists() { Ok(signed(&file, &message)) } else { Err(VaultError::Gone) }
    }

    fn delete(&self, name: String) -> Result<(), VaultError> {
        std::fs::remove_file(self.file(&name)).map_err(|_| VaultError::Gone)
    }
}

fn ports(house: &House, fault: Fault) -> (Ports, Arc<OpensslVault>) {
    let ports = house.ports();
    let vault = Arc::new(OpensslVault { folder: TempDir::new().unwrap(), inner: ports.vault.clone(), fault });
    (Ports { vault: vault.clone(), ..ports }, vault)
}

fn synced_gate(house: &House) -> Arc<Checkpoint> {
    let config = house.config("gate.db", "http://127.0.0.1:1");
    let gate = Checkpoint::open(config, house.ports(), checkpoint::Lane::new("North Gate")).unwrap();
    let exchange = gate.exchange().unwrap();
    let mut reply = None;
    while let ExchangeStep::Send { call } = exchange.next(reply.take()).unwrap() {
        reply = Some(house.send(&call));
    }
    house.world.pass(1_000);
    gate
}

fn green_phone(house: &House, ports: Ports) -> Phone {
    let resident = Resident::open(house.config("phone.db", "http://127.0.0.1:1"), ports).unwrap();
    let phone = house.enrol(resident, li_si());
    let declaration = at_home();
    phone.resident.record(phone.subject.clone(), Entry::Declaration { declaration }).unwrap();
    phone.sync(house);
    phone
}

#[test]
fn a_phone_whose_hardware_is_openssl_enrols_shows_and_answers() {
    let within = TempDir::new().unwrap();
    let house = House::open(within.path());
    let (ports, vault) = ports(&house, Fault::None);
    let phone = green_phone(&house, ports);
    let keys = std::fs::read_dir(vault.folder.path()).unwrap().count();
    assert_eq!(keys, 1, "one key for this phone, issuer and subject");
    let gate = synced_gate(&house);
    let mut passed = 0;
    for _ in 0..6 {
        let code = phone.resident.code(phone.subject.clone(), None).unwrap();
        let verdict = gate.verify(code.text, None).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Pass { colour: Colour::Green, .. }), "{verdict:?}");
        let challenge = gate.challenge().unwrap();
        let answer = phone.resident.code(phone.subject.clone(), Some(challenge.text)).unwrap();
        let verdict = gate.verify(answer.text, None).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Pass { colour: Colour::Green, .. }), "{verdict:?}");
        house.world.pass(31_000);
        passed += 2;
    }
    println!("\nopenssl-codes: {passed}");
}

#[test]
fn a_vault_that_names_no_good_key_or_signs_with_another_is_found_out_at_enrolment() {
    let within = TempDir::new().unwrap();
    let house = House::open(within.path());
    for (name, fault) in
        [("a", Fault::OffCurve), ("b", Fault::OtherCurve), ("c", Fault::Identity), ("d", Fault::OtherKey)]
    {
        let (ports, _vault) = ports(&house, fault);
        let resident = Resident::open(house.config(name, "http://127.0.0.1:1"), ports).unwrap();
        let call = resident.one_time_code_call(li_si()).and_then(|call| {
            resident.one_time_code_reply(house.send(&call))?;
            resident.enrol_call("000000".to_owned())
        });
        assert_eq!(call.map(|_| ()), Err(HealthcodeError::Vault { kind: VaultKind::Refused }), "{name}");
        house.world.pass(10 * 60_000);
    }
}
