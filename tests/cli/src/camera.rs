//! A camera: pixels in, the text of a QR code out. It sees a picture as another decoder sees it and knows nothing of
//! how the picture was made.

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// The picture is no PNG, or of a kind that is not read.
    #[error("not a readable PNG")]
    Picture,
    /// No code is in the picture, or more than one.
    #[error("no QR code in the picture")]
    NoCode,
}

/// Reads the one QR code in a PNG picture.
///
/// # Errors
///
/// Where the picture is none, or does not hold exactly one code.
pub fn scan(png: &[u8]) -> Result<String, CameraError> {
    let picture = || CameraError::Picture;
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| picture())?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(picture)?];
    let info = reader.next_frame(&mut pixels).map_err(|_| picture())?;
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    let grey = |x: usize, y: usize| {
        let at = y * info.line_size + x * samples;
        let pixel = pixels.get(at..at + samples).unwrap_or_default();
        match pixel {
            // What an eye sees of red, green and blue (ITU-R BT.601).
            [red, green, blue, ..] => {
                let sum = 299 * u32::from(*red) + 587 * u32::from(*green) + 114 * u32::from(*blue);
                u8::try_from(sum / 1_000).unwrap_or(u8::MAX)
            }
            [grey, ..] => *grey,
            [] => u8::MAX,
        }
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    match image.detect_grids().as_slice() {
        [code] => code.decode().map(|(_, text)| text).map_err(|_| CameraError::NoCode),
        _ => Err(CameraError::NoCode),
    }
}
