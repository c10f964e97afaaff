package dev.healthcode.demo.ui.parts

import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import dev.healthcode.demo.state.Device

/** Keeps what is shown out of screenshots: for secrets alone, since a fault can only be reported with a picture. */
@Composable
fun Secret(device: Device) =
    DisposableEffect(device) {
        device.secret(true)
        onDispose { device.secret(false) }
    }
