package dev.healthcode.demo.ui.code

import androidx.compose.foundation.Canvas
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.geometry.Size
import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.drawscope.DrawScope
import androidx.compose.ui.semantics.Role
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.role
import androidx.compose.ui.semantics.semantics
import dev.healthcode.CodePicture

/**
 * A QR code as large as its place lets it be with whole pixels a module, dark on white in every theme, its quiet zone
 * within the picture. Nothing is scaled or smoothed, so that a camera sees edges.
 *
 * @param description what a screen reader says
 */
@Composable
fun Modules(
    picture: CodePicture,
    description: String,
    modifier: Modifier = Modifier,
) {
    Canvas(
        modifier.semantics {
            contentDescription = description
            role = Role.Image
        },
    ) { modules(picture) }
}

private fun DrawScope.modules(picture: CodePicture) {
    val side = picture.side.toInt()
    val pixels = (size.minDimension / side).toInt().coerceAtLeast(1)
    val left = ((size.width - pixels * side) / 2).toInt()
    val top = ((size.height - pixels * side) / 2).toInt()
    val square = Size((pixels * side).toFloat(), (pixels * side).toFloat())
    drawRect(Color.White, Offset(left.toFloat(), top.toFloat()), square)
    for (row in 0 until side) {
        var column = 0
        while (column < side) {
            val from = column
            while (column < side && picture.dark(row, column)) column++
            if (column == from) {
                column++
                continue
            }
            // A run of dark modules is one rectangle: edges between two of them would show as hairlines.
            drawRect(
                Color.Black,
                Offset((left + from * pixels).toFloat(), (top + row * pixels).toFloat()),
                Size(((column - from) * pixels).toFloat(), pixels.toFloat()),
            )
        }
    }
}

private fun CodePicture.dark(
    row: Int,
    column: Int,
) = pixels[row * side.toInt() + column] == 0.toByte()
