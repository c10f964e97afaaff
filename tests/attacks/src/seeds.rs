//! Where a fuzzer begins: good objects of each kind, and what earlier runs have found worth keeping. These are lines of
//! hexadecimal in `tests/fuzz/corpus` and `tests/fuzz/findings`, a file a target; a line that begins with # says why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use healthcode::rules::gate_policy::{GatePolicies, HANGZHOU_2020};
use healthcode::token::key::{Signer, SignerError};
use healthcode::token::status_list::SignedStatusList;
use healthcode::token::{Challenge, GateToken, OutageNotice, RootContent, cbor};

use crate::objects;
use crate::world::{
    HOLDER, HardwareKey, ROOTS, answered, at, challenge, content, green, guangdong, hours, key, paper,
    public, sealed, showing, shown, signed_status_list, token, trust_bytes, zhejiang,
};

/// A zlib stream of nothing.
const EMPTY_STREAM: &[u8] = b"\x78\xda\x03\x00\x00\x00\x00\x01";

/// The folder of the fuzz crate.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn presentations() -> Vec<Vec<u8>> {
    let hardware = HardwareKey::new(HOLDER);
    let by_hardware = sealed(&GateToken { holder: Some(hardware.public_key()), ..token() });
    vec![
        shown(&sealed(&token()), 30),
        shown(&sealed(&token()), -hours(2)),
        answered(&sealed(&token()), &challenge(), HOLDER),
        showing(&by_hardware, 30).sign(None, &hardware).unwrap(),
        shown(&sealed(&paper()), 30),
    ]
}

fn tokens() -> Vec<Vec<u8>> {
    let hardware = HardwareKey::new(HOLDER).public_key();
    [token(), paper(), GateToken { holder: Some(hardware), ..token() }].iter().map(sealed).collect()
}

/// What was signed here: a fuzzer may find these again, and nothing else verifies.
#[must_use]
pub fn signed() -> BTreeSet<Vec<u8>> {
    let text = green(30).into_bytes();
    let body = text[3..].to_vec();
    let by_roots =
        [signed_by_roots(|roots| next_roots().sign(roots)), signed_by_roots(|roots| notice().sign(roots))];
    let lists = vec![trust_bytes(), text, body, signed_status_list(0, hours(24), &[1, 4_711, 70_000])];
    [presentations(), tokens(), lists, by_roots.to_vec()].into_iter().flatten().collect()
}

/// Good inputs of a target.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let claims = |token: &GateToken| cbor::encode(token);
    match target {
        "envelope" => [presentations(), tokens()].concat(),
        "token" => [tokens(), vec![claims(&token()), claims(&paper())]].concat(),
        "presentation" => [presentations(), vec![cbor::encode(&showing(&sealed(&token()), 30))]].concat(),
        "challenge" => vec![
            challenge().to_bytes(),
            Challenge::new([9; 16], "北门", Some(vec![0x84; 40])).to_bytes(),
            green(30).into_bytes(),
            green(30).into_bytes()[3..].to_vec(),
            public(HOLDER).to_cose(),
            HardwareKey::new(HOLDER).public_key().to_cose(),
        ],
        "trust_list" => vec![
            trust_bytes(),
            cbor::encode(&content(vec![zhejiang(), guangdong()])),
            cbor::encode(&content(vec![])),
        ],
        "objects" => vec![
            cbor::encode(&objects::anchor()),
            cbor::encode(&objects::order()),
            cbor::encode(&objects::release()),
            cbor::encode(&objects::rating()),
            cbor::encode(&objects::judgement()),
            cbor::encode(&objects::key_notice()),
        ],
        "roots" => vec![
            cbor::encode(&next_roots()),
            cbor::encode(&notice()),
            signed_by_roots(|roots| next_roots().sign(roots)),
            signed_by_roots(|roots| notice().sign(roots)),
        ],
        "status_list" => {
            let signed = signed_status_list(0, hours(24), &[1, 4_711, 70_000]);
            let claims = SignedStatusList::parse(&signed).unwrap().unverified_content().unwrap();
            assert_eq!(claims.statuses.get(4_711), Some(1));
            // The payload stands behind its head of three bytes and before the signature's item.
            let start = signed.windows(2).position(|two| two == b"\xa5\x02").unwrap();
            vec![signed.clone(), signed[start..signed.len() - 66].to_vec(), EMPTY_STREAM.to_vec()]
        }
        "notices" => crate::notices::seeds(),
        "policy" => {
            let mut policies = GatePolicies::parse(HANGZHOU_2020).unwrap();
            let whole = serde_json::to_vec(&policies).unwrap();
            policies.gates.truncate(1);
            policies.gates[0].rules.truncate(1);
            vec![whole, serde_json::to_vec(&policies).unwrap()]
        }
        _ => Vec::new(),
    }
}

fn next_roots() -> RootContent {
    RootContent::new(2, 2, &ROOTS.map(public), at(0), at(hours(24 * 365)))
}

fn notice() -> OutageNotice {
    OutageNotice::new(1, "zhejiang".to_owned(), 1, at(0), at(hours(100)), 48)
}

fn signed_by_roots(sign: impl FnOnce(&[&dyn Signer]) -> Result<Vec<u8>, SignerError>) -> Vec<u8> {
    let keys = [key(ROOTS[0]), key(ROOTS[1])];
    sign(&keys.each_ref().map(|key| key as &dyn Signer)).unwrap()
}

/// The lines of a kept file; none where there is no such file.
#[must_use]
pub fn kept(folder: &str, target: &str) -> Vec<Vec<u8>> {
    let path = self::folder().join(folder).join(format!("{target}.txt"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#')).map(unhex).collect()
}

/// All with which a target begins.
#[must_use]
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    [seeds(target), kept("corpus", target), kept("findings", target)].concat()
}

/// The bytes of hexadecimal digits.
#[must_use]
pub fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<u8> = line.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
