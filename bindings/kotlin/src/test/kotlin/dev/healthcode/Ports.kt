package dev.healthcode

import java.security.GeneralSecurityException
import java.security.SecureRandom
import java.time.Instant
import javax.crypto.Cipher
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec

/**
 * A vault in memory: AES-GCM under a key that is named by a byte, so that a file opens again in the next object or the
 * next process. A real phone uses its platform's key store.
 */
internal open class MemoryVault(
    key: Byte,
) : Vault {
    private val key = SecretKeySpec(ByteArray(32) { key }, "AES")

    override fun seal(plain: ByteArray): ByteArray {
        val nonce = ByteArray(NONCE).also(SecureRandom()::nextBytes)
        return nonce + cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(plain)
    }

    override fun unseal(`sealed`: ByteArray): ByteArray =
        try {
            cipher(Cipher.DECRYPT_MODE, sealed.copyOf(NONCE)).doFinal(sealed, NONCE, sealed.size - NONCE)
        } catch (_: GeneralSecurityException) {
            throw VaultException.Gone()
        }

    override fun hardwarePublicKey(name: String): ByteArray? = null

    override fun sign(
        name: String,
        message: ByteArray,
    ): ByteArray = throw VaultException.Gone()

    override fun delete(name: String) = Unit

    private fun cipher(
        mode: Int,
        nonce: ByteArray,
    ) = Cipher.getInstance("AES/GCM/NoPadding").apply { init(mode, key, GCMParameterSpec(128, nonce)) }

    private companion object {
        const val NONCE = 12
    }
}

/** A phone's clocks in a virtual world: a boot clock that nobody can set, and a wall clock that anybody can. */
internal class PhoneClock(
    private val world: World,
) : DeviceClock {
    @Volatile private var bootedAt = world.now.minusSeconds(15 * 60)

    @Volatile private var boots = 1

    /** Restarts the phone. */
    fun restart() {
        boots += 1
        bootedAt = world.now
    }

    override fun read(): ClockReading {
        val now = world.now
        return ClockReading("phone-$boots", now.toEpochMilli() - bootedAt.toEpochMilli(), now)
    }
}
