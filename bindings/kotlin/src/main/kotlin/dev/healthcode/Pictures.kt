package dev.healthcode

import java.time.Instant

/** This code as the bytes of a PNG file, framed in its colour with the colour's shape; see [drawPng]. */
fun ShownCode.png(pixelsPerModule: Int = 8): ByteArray = drawPng(text, shade, pixelsPerModule)

/** This challenge as the bytes of a PNG file; see [drawPng]. */
fun ShownChallenge.png(pixelsPerModule: Int = 8): ByteArray = drawPng(text, shade, pixelsPerModule)

/**
 * A code as the bytes of a PNG file, framed in its colour with the colour's shape.
 *
 * @param pixelsPerModule 1 to 64; 8 suits a phone's screen
 * @throws HealthcodeException.InvalidField for a text that is no code's, or a scale out of its range
 */
fun drawPng(
    text: String,
    shade: Shade,
    pixelsPerModule: Int = 8,
): ByteArray = translated { nativeDrawPng(text, shade, pixelsPerModule.coerceAtLeast(0).toUInt()) }

/**
 * A code as an SVG document, framed in its colour with the colour's shape, its [word] above and [detail] below; both
 * are escaped here.
 *
 * @throws HealthcodeException.InvalidField for a text that is no code's
 */
fun drawSvg(
    text: String,
    shade: Shade,
    word: String,
    detail: String,
): String = translated { nativeDrawSvg(text, shade, word, detail) }

/**
 * A code's modules as grey pixels, for drawing with the platform's own means: whole pixels a module, never smoothed.
 *
 * @throws HealthcodeException.InvalidField for a text that is no code's
 */
fun drawLuminance(text: String): CodePicture = translated { nativeDrawLuminance(text) }

/**
 * Counts the days of a quarantine at an instant, a lower bound of true time: the rules that phone and server share,
 * without a phone's file. For the quarantine of a subject ask [Resident.quarantine].
 *
 * @throws HealthcodeException.InvalidField for terms that make no sense, and for more than 4,096 taps
 */
fun countQuarantine(
    quarantine: Quarantine,
    taps: List<Tap>,
    at: Instant,
): QuarantineCount = translated { nativeCountQuarantine(quarantine, taps, at) }
