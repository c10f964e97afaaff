package dev.healthcode.demo

import com.google.zxing.BarcodeFormat
import com.google.zxing.qrcode.QRCodeWriter
import dev.healthcode.drawLuminance
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.roundToInt
import kotlin.math.sin
import kotlin.random.Random

/** A camera's frame: luminance, whose rows are longer than the picture is wide, as cameras have it. */
internal class Frame(
    val luma: ByteArray,
    val width: Int,
    val height: Int,
    val stride: Int,
)

/**
 * How a code lies before the camera, and what light there is.
 *
 * @property module pixels a module
 * @property turn in degrees
 * @property lean how much one side is nearer, 0 for none
 * @property blur in pixels, of a box that is passed twice
 * @property light of what is white, 0 to 1; and [contrast] of what that leaves between black and white
 * @property noise the largest error of a pixel
 * @property covered which part of the code a thumb covers
 */
internal data class Shot(
    val module: Double = 5.5,
    val turn: Double = 0.0,
    val lean: Double = 0.0,
    val blur: Int = 0,
    val light: Double = 1.0,
    val contrast: Double = 1.0,
    val noise: Int = 4,
    val covered: Double = 0.0,
) {
    companion object {
        /** A hand, a hall, a hurry: what a gate's camera reads all day. */
        fun usual(random: Random) =
            Shot(
                module = random.nextDouble(4.6, 7.0),
                turn =
                    random.nextDouble(-30.0, 30.0) +
                        if (random.nextInt(5) ==
                            0
                        ) {
                            90.0 * random.nextInt(1, 4)
                        } else {
                            0.0
                        },
                lean = random.nextDouble(-0.12, 0.12),
                blur = random.nextInt(0, 2),
                light = random.nextDouble(0.35, 1.0),
                contrast = random.nextDouble(0.45, 1.0),
                noise = random.nextInt(2, 12),
            )

        /** Too far, moved, in the dark, or under a thumb: nobody can read it. */
        fun hopeless(random: Random): Shot =
            when (random.nextInt(4)) {
                0 -> usual(random).copy(module = 1.1)
                1 -> usual(random).copy(blur = 9)
                2 -> usual(random).copy(light = 0.06, contrast = 0.2, noise = 24)
                else -> usual(random).copy(covered = 0.55)
            }
    }
}

/** Takes pictures of codes, the same ones at each run. */
internal class TestCamera(
    private val random: Random,
    private val width: Int = 1280,
    private val height: Int = 720,
) {
    /** A picture of a code with this text: drawn by the core, where it is one of the core's. */
    fun take(
        text: String,
        shot: Shot,
    ): Frame {
        val (side, dark) = modules(text)
        val clean = FloatArray(width * height)
        val (sine, cosine) = (shot.turn * PI / 180).let { sin(it) to cos(it) }
        val (left, top) = width / 2.0 + random.nextInt(-80, 81) to height / 2.0 + random.nextInt(-20, 21)
        for (y in 0 until height) {
            for (x in 0 until width) {
                val (dx, dy) = x - left to y - top
                // Where this pixel looks at, in modules from the middle of the code.
                val depth = 1 + shot.lean * dy / height
                val u = (dx * cosine + dy * sine) / (shot.module * depth) + side / 2.0
                val v = (dy * cosine - dx * sine) / (shot.module * depth) + side / 2.0
                clean[y * width + x] = shade(u, v, side, dark, shot, x, y)
            }
        }
        repeat(if (shot.blur > 0) 2 else 0) { blur(clean, shot.blur) }
        return exposed(clean, shot)
    }

    /** A picture of whatever is before the gate while nobody is. */
    fun nothing(): Frame {
        val clean = FloatArray(width * height) { (0.4 + 0.3 * sin(it * 0.0007) + 0.2 * sin(it * 0.31)).toFloat() }
        return exposed(clean, Shot(noise = 20))
    }

    private fun shade(
        u: Double,
        v: Double,
        side: Int,
        dark: (Int, Int) -> Boolean,
        shot: Shot,
        x: Int,
        y: Int,
    ): Float {
        val inside = u >= 0 && v >= 0 && u < side && v < side
        // A sleeve and a wall, in light that comes from one side.
        if (!inside) return (0.35 + 0.2 * sin(x * 0.02) * cos(y * 0.03)).toFloat()
        if (u < side * shot.covered) return 0.55f
        val light = 0.9 + 0.1 * x / width
        return if (dark(v.toInt(), u.toInt())) (0.05 * light).toFloat() else light.toFloat()
    }

    private fun blur(
        pixels: FloatArray,
        radius: Int,
    ) {
        val line = FloatArray(maxOf(width, height))
        for (y in 0 until height) blurLine(pixels, y * width, 1, width, radius, line)
        for (x in 0 until width) blurLine(pixels, x, width, height, radius, line)
    }

    private fun blurLine(
        pixels: FloatArray,
        from: Int,
        step: Int,
        count: Int,
        radius: Int,
        line: FloatArray,
    ) {
        for (at in 0 until count) line[at] = pixels[from + at * step]
        for (at in 0 until count) {
            var sum = 0f
            for (near in -radius..radius) sum += line[(at + near).coerceIn(0, count - 1)]
            pixels[from + at * step] = sum / (2 * radius + 1)
        }
    }

    private fun exposed(
        clean: FloatArray,
        shot: Shot,
    ): Frame {
        val stride = (width + 63) / 64 * 64 + 64
        val luma = ByteArray(stride * (height - 1) + width)
        for (y in 0 until height) {
            for (x in 0 until width) {
                val grey = 0.5 + (clean[y * width + x] - 0.5) * shot.contrast
                val noise = random.nextInt(-shot.noise, shot.noise + 1)
                luma[y * stride + x] = (grey * shot.light * 255 + noise).roundToInt().coerceIn(0, 255).toByte()
            }
        }
        return Frame(luma, width, height, stride)
    }

    private fun modules(text: String): Pair<Int, (Int, Int) -> Boolean> {
        if (text.matches(Regex("H[1-9]:.*"))) {
            val picture = drawLuminance(text)
            val side = picture.side.toInt()
            return side to { row, column -> picture.pixels[row * side + column] == 0.toByte() }
        }
        val matrix = QRCodeWriter().encode(text, BarcodeFormat.QR_CODE, 1, 1)
        return matrix.width to { row, column -> matrix.get(column, row) }
    }
}
