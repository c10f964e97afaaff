package dev.healthcode.demo.scan

import com.google.zxing.BinaryBitmap
import com.google.zxing.DecodeHintType
import com.google.zxing.PlanarYUVLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.GlobalHistogramBinarizer
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader

/**
 * Reads the QR code in a camera's frame, from its luminance alone. What a frame holds is a stranger's: whatever it is,
 * the answer is a text or none. No Android in it, so that the same class reads frames in a test.
 */
object FrameDecoder {
    private val thorough = mapOf(DecodeHintType.TRY_HARDER to true)

    /**
     * The text of the code in a frame, or null without a readable one.
     *
     * @param luma one byte a pixel, row by row from the top
     * @param rowStride bytes from one row to the next, at least [width]: cameras align their rows
     */
    fun decode(
        luma: ByteArray,
        width: Int,
        height: Int,
        rowStride: Int = width,
    ): String? {
        if (width <= 0 || height <= 0 || rowStride < width) return null
        // A camera's last row may end with its last pixel, short of the stride.
        if (rowStride.toLong() * (height - 1) + width > luma.size) return null
        val whole = if (rowStride == width) luma else packed(luma, width, height, rowStride)
        val source = PlanarYUVLuminanceSource(whole, width, height, 0, 0, width, height, false)
        // By blocks for uneven light; by the whole picture where blur has eaten what blocks go by; light on dark as phones
        // show it that invert their colours.
        return read(BinaryBitmap(HybridBinarizer(source))) ?: read(BinaryBitmap(GlobalHistogramBinarizer(source)))
            ?: read(BinaryBitmap(HybridBinarizer(source.invert())))
    }

    private fun read(bitmap: BinaryBitmap): String? =
        try {
            QRCodeReader().decode(bitmap, thorough).text
        } catch (_: ReaderException) {
            null
        } catch (_: RuntimeException) {
            // The decoder's arithmetic on a shape that is almost a code.
            null
        }

    private fun packed(
        luma: ByteArray,
        width: Int,
        height: Int,
        rowStride: Int,
    ): ByteArray {
        val rows = ByteArray(width * height)
        for (row in 0 until height) luma.copyInto(rows, row * width, row * rowStride, row * rowStride + width)
        return rows
    }
}
