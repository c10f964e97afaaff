package dev.healthcode

/*
 * What an app's port throws ends here: the library is told that it failed and nothing else, because a platform's error
 * text may hold anything. The generated code passes on the text of an exception, and lets an error through that the
 * machine code below cannot unwind.
 */

internal fun Ports.guarded() = Ports(GuardedVault(vault), clock.guarded(), log?.let(::GuardedLog))

// The library's own clock throws nothing of the platform's, and is read without crossing the border twice.
private fun DeviceClock.guarded() = this as? DeviceClockImpl ?: GuardedClock(this)

private class GuardedVault(
    private val vault: Vault,
) : Vault {
    override fun seal(plain: ByteArray) = guarded { vault.seal(plain) }

    override fun unseal(`sealed`: ByteArray) = guarded { vault.unseal(sealed) }

    override fun hardwarePublicKey(name: String) = guarded { vault.hardwarePublicKey(name) }

    override fun sign(
        name: String,
        message: ByteArray,
    ) = guarded { vault.sign(name, message) }

    override fun delete(name: String) = guarded { vault.delete(name) }

    private inline fun <T> guarded(call: () -> T): T =
        try {
            call()
        } catch (error: VaultException) {
            throw error
        } catch (_: Throwable) {
            throw VaultException.Refused()
        }
}

private class GuardedClock(
    private val clock: DeviceClock,
) : DeviceClock {
    override fun read() = port { clock.read().also { it.wall.toEpochMilli() } }
}

private class GuardedLog(
    private val log: LogSink,
) : LogSink {
    override fun log(
        level: LogLevel,
        line: String,
    ) = port { log.log(level, line) }
}

private inline fun <T> port(call: () -> T): T =
    try {
        call()
    } catch (_: Throwable) {
        throw PortException.Failed()
    }
