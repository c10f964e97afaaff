package dev.healthcode.demo.ui

import androidx.compose.foundation.isSystemInDarkTheme
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.darkColorScheme
import androidx.compose.material3.lightColorScheme
import androidx.compose.runtime.Composable
import androidx.compose.ui.graphics.Color

/*
 * A quiet blue that is none of the code's colours, so that nothing but a code is green, yellow or red.
 */

private val lightColours =
    lightColorScheme(
        primary = Color(0xFF2B5A8C),
        onPrimary = Color.White,
        primaryContainer = Color(0xFFD5E4F7),
        onPrimaryContainer = Color(0xFF0B2A48),
        secondary = Color(0xFF4F6072),
        onSecondary = Color.White,
        secondaryContainer = Color(0xFFDCE5EF),
        onSecondaryContainer = Color(0xFF17232F),
        background = Color(0xFFF6F8FA),
        onBackground = Color(0xFF191C1F),
        surface = Color(0xFFF6F8FA),
        onSurface = Color(0xFF191C1F),
        surfaceVariant = Color(0xFFE1E6EC),
        onSurfaceVariant = Color(0xFF41484F),
        surfaceContainerLowest = Color.White,
        surfaceContainerLow = Color(0xFFFFFFFF),
        surfaceContainer = Color(0xFFECF0F4),
        surfaceContainerHigh = Color(0xFFE6EBF0),
        surfaceContainerHighest = Color(0xFFE0E6EC),
        outline = Color(0xFF6F7880),
        outlineVariant = Color(0xFFC5CCD3),
        error = Color(0xFFA3211B),
        errorContainer = Color(0xFFFBE3E0),
        onErrorContainer = Color(0xFF410A06),
    )

private val darkColours =
    darkColorScheme(
        primary = Color(0xFFA3CAF3),
        onPrimary = Color(0xFF06315A),
        primaryContainer = Color(0xFF234B75),
        onPrimaryContainer = Color(0xFFD5E4F7),
        secondary = Color(0xFFB8C8D9),
        onSecondary = Color(0xFF223240),
        secondaryContainer = Color(0xFF384857),
        onSecondaryContainer = Color(0xFFD6E4F3),
        background = Color(0xFF111417),
        onBackground = Color(0xFFE1E3E6),
        surface = Color(0xFF111417),
        onSurface = Color(0xFFE1E3E6),
        surfaceVariant = Color(0xFF41484F),
        onSurfaceVariant = Color(0xFFC3C8CE),
        surfaceContainerLowest = Color(0xFF0C0F11),
        surfaceContainerLow = Color(0xFF1A1E22),
        surfaceContainer = Color(0xFF1D2226),
        surfaceContainerHigh = Color(0xFF282D32),
        surfaceContainerHighest = Color(0xFF33383D),
        outline = Color(0xFF8C939A),
        outlineVariant = Color(0xFF41484F),
        error = Color(0xFFFFB4AB),
        errorContainer = Color(0xFF6B1610),
        onErrorContainer = Color(0xFFFFDAD5),
    )

/** The app's colours, in the dark or in the light. */
@Composable
fun HealthCodeTheme(
    dark: Boolean = isSystemInDarkTheme(),
    content: @Composable () -> Unit,
) = MaterialTheme(colorScheme = if (dark) darkColours else lightColours, content = content)
