//! A code as grey pixels, which cross to an app that draws with its platform's own means.

use super::{Matrix, QUIET_ZONE, QrError};

/// A code's modules as grey pixels, for drawing with the platform's own means.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CodePicture {
    /// Pixels a side, one a module, the quiet zone of four modules around it included.
    pub side: u32,
    /// One byte a pixel, row by row from the top: 0 dark, 255 light. Scale it without smoothing.
    pub pixels: Vec<u8>,
}

impl CodePicture {
    pub(crate) fn of(text: &str) -> Result<Self, QrError> {
        let (side, pixels) = Matrix::encode(text)?.luminance(usize::from(QUIET_ZONE));
        Ok(Self { side: u32::try_from(side).unwrap_or(u32::MAX), pixels })
    }
}

impl std::fmt::Debug for CodePicture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CodePicture({})", self.side)
    }
}
