package dev.healthcode.demo.ui.parts

import androidx.compose.ui.graphics.Color
import androidx.compose.ui.graphics.SolidColor
import androidx.compose.ui.graphics.StrokeCap
import androidx.compose.ui.graphics.StrokeJoin
import androidx.compose.ui.graphics.vector.ImageVector
import androidx.compose.ui.graphics.vector.PathBuilder
import androidx.compose.ui.graphics.vector.path
import androidx.compose.ui.unit.dp

/** The app's few signs, drawn here in lines of one width. */
object Icons {
    val back by lazy {
        lined("back") {
            moveTo(14.5f, 5f)
            lineTo(7.5f, 12f)
            lineTo(14.5f, 19f)
        }
    }

    val open by lazy {
        lined("open") {
            moveTo(7f, 10f)
            lineTo(12f, 15f)
            lineTo(17f, 10f)
        }
    }

    val home by lazy {
        lined("home") {
            moveTo(4f, 11f)
            lineTo(12f, 4f)
            lineTo(20f, 11f)
            moveTo(6f, 9.5f)
            verticalLineTo(20f)
            horizontalLineTo(18f)
            verticalLineTo(9.5f)
        }
    }

    val scan by lazy {
        lined("scan") {
            moveTo(4f, 9f)
            verticalLineTo(4f)
            horizontalLineTo(9f)
            moveTo(15f, 4f)
            horizontalLineTo(20f)
            verticalLineTo(9f)
            moveTo(20f, 15f)
            verticalLineTo(20f)
            horizontalLineTo(15f)
            moveTo(9f, 20f)
            horizontalLineTo(4f)
            verticalLineTo(15f)
            moveTo(7f, 12f)
            horizontalLineTo(17f)
        }
    }

    val place by lazy {
        lined("place") {
            moveTo(12f, 21f)
            curveTo(8f, 16f, 5.5f, 13f, 5.5f, 9.5f)
            curveTo(5.5f, 6f, 8.4f, 3f, 12f, 3f)
            curveTo(15.6f, 3f, 18.5f, 6f, 18.5f, 9.5f)
            curveTo(18.5f, 13f, 16f, 16f, 12f, 21f)
            moveTo(9.8f, 9.5f)
            curveTo(9.8f, 6.6f, 14.2f, 6.6f, 14.2f, 9.5f)
            curveTo(14.2f, 12.4f, 9.8f, 12.4f, 9.8f, 9.5f)
        }
    }

    val settings by lazy {
        lined("settings") {
            for (y in listOf(6f, 12f, 18f)) {
                moveTo(4f, y)
                horizontalLineTo(20f)
            }
            for ((x, y) in listOf(15f to 6f, 8f to 12f, 13f to 18f)) {
                moveTo(x, y - 2.2f)
                verticalLineTo(y + 2.2f)
            }
        }
    }

    private fun lined(
        name: String,
        draw: PathBuilder.() -> Unit,
    ): ImageVector =
        ImageVector
            .Builder(name, 24.dp, 24.dp, 24f, 24f)
            .path(
                stroke = SolidColor(Color.Black),
                strokeLineWidth = 2f,
                strokeLineCap = StrokeCap.Round,
                strokeLineJoin = StrokeJoin.Round,
                pathBuilder = draw,
            ).build()
}
