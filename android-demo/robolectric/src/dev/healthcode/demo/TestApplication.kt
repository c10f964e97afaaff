package dev.healthcode.demo

import dev.healthcode.MemoryVault
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Stage
import dev.healthcode.at
import dev.healthcode.demo.platform.Authority
import dev.healthcode.demo.platform.DemoApplication

/**
 * The demo's application against a server process in virtual time. Its vault is in memory, since Robolectric has no
 * Android Keystore: that one has a test of its own.
 */
internal class TestApplication : DemoApplication() {
    private val phone by lazy { PhoneClock(stage.world) }

    /** The phone is started anew: its time is unsure until the next sync. */
    fun restartPhone() = phone.restart()

    /** Another vault's key does not open the file. */
    var vault: Byte = 7

    override val ports get() = Ports(MemoryVault(vault), phone)

    override val authority by lazy {
        Authority(stage.server.url, "hangzhou", listOf(stage.server.rootKey), at(1, 0))
    }

    companion object {
        /** The server of the test that runs; a test sets it before anything is opened. */
        lateinit var stage: Stage
    }
}
