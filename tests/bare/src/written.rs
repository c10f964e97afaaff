//! Formats: JSON, CBOR, dates, base45 and base64, the masking of names, QR codes and PNG.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, TimeDelta};
use minicbor::{Decode, Decoder, Encode, Encoder};
use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use crate::{BareError, Result, Sample};

/// JSON's one document.
#[derive(Serialize, Deserialize)]
struct Document {
    name: String,
    number: Option<u32>,
    #[serde(default)]
    more: Vec<Value>,
}

/// CBOR's one object.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Item {
    #[n(0)]
    name: String,
    #[cbor(n(1), with = "minicbor::bytes")]
    body: Vec<u8>,
    #[n(2)]
    number: Option<u64>,
}

pub(crate) fn json(text: &str) -> Result<String> {
    let mut document: Document = serde_json::from_slice(text.as_bytes())
        .map_err(|error| BareError::Refused { what: error.to_string() })?;
    document.more.push(json!({ "name": document.name, "number": document.number }));
    let bytes = serde_json::to_vec(&document).map_err(BareError::of("json"))?;
    String::from_utf8(bytes).map_err(BareError::of("json"))
}

pub(crate) fn cbor(bytes: &[u8]) -> Result<Vec<u8>> {
    let item: Item = minicbor::decode(bytes).map_err(BareError::of("cbor"))?;
    let mut decoder = Decoder::new(&item.body);
    let body = match decoder.array() {
        Ok(Some(2)) => decoder.bytes().map_err(BareError::of("cbor"))?,
        _ => &[],
    };
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .array(2)
        .and_then(|e| e.bytes(body)?.bytes(&minicbor::to_vec(&item).unwrap_or_default()))
        .map_err(BareError::of("cbor"))?;
    Ok(encoder.into_writer())
}

/// The sample's text as a date and its instant, moved and written anew.
pub(crate) fn dated(sample: &Sample) -> Result<String> {
    let millis = sample.at.duration_since(SystemTime::UNIX_EPOCH).map_err(BareError::of("date"))?.as_millis();
    let millis = i64::try_from(millis).map_err(BareError::of("date"))?;
    let instant = DateTime::from_timestamp_millis(millis).unwrap_or_default();
    let day = NaiveDate::parse_from_str(&sample.text, "%Y-%m-%d").map_err(BareError::of("date"))?;
    let day = NaiveDate::from_ymd_opt(day.year(), day.month(), 1).ok_or(()).map_err(BareError::of("date"))?;
    let moved = day
        .checked_add_days(Days::new(u64::from(day.day0())))
        .and_then(|day| day.and_hms_opt(1, 2, 3)?.checked_add_signed(TimeDelta::try_hours(millis)?))
        .ok_or(())
        .map_err(BareError::of("date"))?;
    let instant = instant.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    Ok(format!("{instant} {}", moved.format("%m-%dT%H:%M:%S")))
}

/// The last of the text's characters as a person sees them, with a number.
pub(crate) fn numbered(text: &str, number: Option<u32>) -> Result<String> {
    let last = text.graphemes(true).next_back().ok_or(()).map_err(BareError::of("text"))?;
    Ok(format!("{last}{}", number.unwrap_or_default()))
}

/// The bytes in base45, or what base64 makes of them.
pub(crate) fn spelled(bytes: &[u8], text: &str) -> Result<String> {
    let decoded = URL_SAFE_NO_PAD.decode(text).map_err(BareError::of("base64"))?;
    let spelled = base45::encode(bytes);
    let same = base45::decode(&spelled).map_err(BareError::of("base45"))? == decoded;
    Ok(if same { spelled } else { URL_SAFE_NO_PAD.encode(bytes) })
}

pub(crate) fn modules(text: &str) -> Result<Vec<u8>> {
    let (version, level) = (Version::Normal(i16::from(text.len() > 99) + 4), EcLevel::M);
    let mut bits = Bits::new(version);
    bits.push_alphanumeric_data(text.as_bytes()).map_err(BareError::of("qr"))?;
    bits.push_terminator(level).map_err(BareError::of("qr"))?;
    let (data, correction) =
        qrcode::ec::construct_codewords(&bits.into_bytes(), version, level).map_err(BareError::of("qr"))?;
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::Checkerboard);
    Ok(canvas.into_colors().into_iter().map(|module| u8::from(module == Color::Dark)).collect())
}

#[cfg(feature = "png")]
pub(crate) fn picture(pixels: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    draw(pixels, &mut bytes).map_err(BareError::of("png"))?;
    Ok(bytes)
}

#[cfg(feature = "png")]
fn draw(pixels: &[u8], bytes: &mut Vec<u8>) -> std::result::Result<(), png::EncodingError> {
    use std::io::Write as _;

    let width = u32::from(pixels.len() > 1089) * 4 + 33;
    let mut encoder = png::Encoder::new(bytes, width, width);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(vec![u8::MAX, u8::MAX, u8::MAX, 0, 0, 0]);
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header()?;
    let mut stream = writer.stream_writer()?;
    stream.write_all(pixels)?;
    stream.finish()?;
    writer.finish()
}
