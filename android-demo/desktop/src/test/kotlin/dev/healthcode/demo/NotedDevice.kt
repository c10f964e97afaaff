package dev.healthcode.demo

import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Signal
import kotlinx.coroutines.flow.MutableStateFlow
import java.time.Instant
import java.util.concurrent.CopyOnWriteArrayList

/** A phone that notes what is asked of it. */
internal class NotedDevice : Device {
    @Volatile var bright = false

    @Volatile var awake = false

    @Volatile var lit = false

    @Volatile var secret = false

    @Volatile var reminder: Instant? = null

    @Volatile var wake: Instant? = null

    val allowed = MutableStateFlow(true)

    @Volatile var language: String? = null

    val signals = CopyOnWriteArrayList<Signal>()
    val opened = CopyOnWriteArrayList<DeviceSetting>()
    val shared = CopyOnWriteArrayList<Pair<String, ByteArray>>()
    val printed = CopyOnWriteArrayList<Pair<String, String>>()
    val saved = CopyOnWriteArrayList<Pair<String, ByteArray>>()

    override val torchAvailable = true

    override fun bright(on: Boolean) {
        bright = on
    }

    override fun awake(on: Boolean) {
        awake = on
    }

    override fun torch(on: Boolean) {
        lit = on
    }

    override fun signal(signal: Signal) {
        signals += signal
    }

    override fun share(
        name: String,
        type: String,
        bytes: ByteArray,
    ) {
        shared += name to bytes
    }

    override fun save(
        name: String,
        type: String,
        bytes: ByteArray,
    ) {
        saved += name to bytes
    }

    override fun print(
        name: String,
        page: String,
    ) {
        printed += name to page
    }

    override fun secret(on: Boolean) {
        secret = on
    }

    override fun remind(at: Instant?) {
        reminder = at
    }

    override fun wakeAt(at: Instant?) {
        wake = at
    }

    override val notificationsAllowed = allowed

    override val languageChosen get() = language

    override fun openSettings(setting: DeviceSetting) {
        opened += setting
    }

    override fun language(tag: String?) {
        language = tag
    }
}
