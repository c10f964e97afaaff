package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.Canvas
import androidx.compose.foundation.layout.size
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.Path
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.graphics.StrokeJoin
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.graphics.drawscope.Fill
import androidx.compose.ui.graphics.drawscope.Stroke
import androidx.compose.ui.semantics.clearAndSetSemantics
import androidx.compose.ui.unit.Dp
import androidx.compose.ui.unit.dp
import dev.healthcode.Colour
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.sin

/** What a code of this colour is framed with, as in the core's own drawings. */
val Colour.frame: Color
    get() =
        when (this) {
            Colour.GREEN -> Color(0xFF00845F)
            Colour.YELLOW -> Color(0xFFF5C400)
            Colour.RED -> Color(0xFFC43E00)
        }

/** What is written on [frame]: its contrast is 4.5 to 1 at the least. */
val Colour.ink: Color get() = if (this == Colour.YELLOW) Color.Black else Color.White

/**
 * The shape that says the colour without colour: a check mark in a disc, an exclamation mark in a triangle, a bar in an
 * octagon. It is silent for screen readers: the word stands beside it.
 *
 * @param ink the shape, and [on] what is drawn in it
 */
@Composable
fun ColourMark(
    colour: Colour,
    size: Dp = 40.dp,
    ink: Color = colour.frame,
    on: Color = colour.ink,
) {
    Canvas(Modifier.size(size).clearAndSetSemantics {}) {
        when (colour) {
            Colour.GREEN -> checkedDisc(ink, on)
            Colour.YELLOW -> warningTriangle(ink, on)
            Colour.RED -> barredOctagon(ink, on)
        }
    }
}

private fun DrawScope.checkedDisc(
    ink: Color,
    on: Color,
) {
    drawCircle(ink, size.minDimension * 0.46f)
    val check = polygon(listOf(0.28f to 0.52f, 0.44f to 0.67f, 0.73f to 0.35f), closed = false)
    drawPath(check, on, style = rounded(0.1f))
}

private fun DrawScope.warningTriangle(
    ink: Color,
    on: Color,
) {
    val triangle = polygon(listOf(0.5f to 0.12f, 0.92f to 0.84f, 0.08f to 0.84f))
    drawPath(triangle, ink, style = Fill)
    drawPath(triangle, ink, style = rounded(0.1f))
    drawPath(polygon(listOf(0.5f to 0.36f, 0.5f to 0.6f), closed = false), on, style = rounded(0.1f))
    drawCircle(on, size.minDimension * 0.055f, Offset(size.width * 0.5f, size.height * 0.745f))
}

private fun DrawScope.barredOctagon(
    ink: Color,
    on: Color,
) {
    val corners =
        List(8) {
            val angle = PI * (2 * it + 1) / 8
            0.5f + 0.46f * cos(angle).toFloat() to 0.5f + 0.46f * sin(angle).toFloat()
        }
    drawPath(polygon(corners), ink)
    drawPath(polygon(listOf(0.28f to 0.5f, 0.72f to 0.5f), closed = false), on, style = rounded(0.13f))
}

private fun DrawScope.rounded(width: Float) =
    Stroke(size.minDimension * width, cap = StrokeCap.Round, join = StrokeJoin.Round)

private fun DrawScope.polygon(
    points: List<Pair<Float, Float>>,
    closed: Boolean = true,
) = Path().apply {
    points.forEachIndexed { index, (x, y) ->
        if (index == 0) moveTo(x * size.width, y * size.height) else lineTo(x * size.width, y * size.height)
    }
    if (closed) close()
}
