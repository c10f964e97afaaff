package dev.healthcode.demo.platform

import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow

/**
 * Whether the torch is wanted. The light belongs to whoever has the camera, so the camera's picture looks here and nobody
 * else lights it.
 */
internal class Lamp {
    private val wanted = MutableStateFlow(false)

    val on: StateFlow<Boolean> = wanted.asStateFlow()

    fun set(on: Boolean) {
        wanted.value = on
    }
}
