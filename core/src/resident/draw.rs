//! Codes as pictures, for apps that want them ready: PNG and SVG in the colour's frame, with its shape.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the border is owned")]

use crate::error::HealthcodeError;
use crate::qr::{self, Caption, CodePicture, Matrix, Shade};

/// A code as the bytes of a PNG file, framed in its colour with the colour's shape. `pixels_per_module` is 1 to 64;
/// 8 suits a phone's screen.
///
/// # Errors
///
/// `InvalidField` for a text that is no code's, or a scale out of its range.
#[cfg(feature = "png")]
#[uniffi::export]
pub fn draw_png(text: String, shade: Shade, pixels_per_module: u32) -> Result<Vec<u8>, HealthcodeError> {
    qr::png(&Matrix::encode(&text)?, shade, pixels_per_module).map_err(|error| match error {
        qr::PngError::Scale { .. } => HealthcodeError::field("pixels_per_module", "out-of-range"),
        qr::PngError::Encoding => HealthcodeError::internal("png"),
    })
}

/// A code as an SVG document, framed in its colour with the colour's shape, its `word` above and `detail` below; both
/// are escaped here.
///
/// # Errors
///
/// `InvalidField` for a text that is no code's.
#[uniffi::export]
pub fn draw_svg(text: String, shade: Shade, word: String, detail: String) -> Result<String, HealthcodeError> {
    Ok(qr::svg(&Matrix::encode(&text)?, shade, &Caption { word: &word, detail: &detail }))
}

/// A code's modules as grey pixels, for drawing with the platform's own means.
///
/// # Errors
///
/// `InvalidField` for a text that is no code's.
#[uniffi::export]
pub fn draw_luminance(text: String) -> Result<CodePicture, HealthcodeError> {
    Ok(CodePicture::of(&text)?)
}
