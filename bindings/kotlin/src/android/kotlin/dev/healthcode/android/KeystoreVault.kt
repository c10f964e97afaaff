package dev.healthcode.android

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.os.UserManager
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.UserNotAuthenticatedException
import dev.healthcode.Vault
import dev.healthcode.VaultException
import java.math.BigInteger
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.security.spec.InvalidKeySpecException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/*
 * The vault on Android Keystore. Keys never leave it: secrets are sealed with AES-256-GCM under a key of this app, and
 * where the phone has a secure element or a trusted environment, residents sign with P-256 keys that are made inside.
 * No key asks for a fingerprint or an unlocked screen: the daily check-in is sent while the phone lies in a pocket.
 */

/**
 * A [Vault] on Android Keystore, from Android 6 on.
 *
 * Entries are named after [prefix]; two vaults with one prefix are the same vault. Uninstalling the app, or erasing its
 * data, deletes them all, and what they sealed is [VaultException.Gone] then: exclude the library's file from backups.
 *
 * What is thrown is a [VaultException], and of the platform's own errors nothing is passed on. Only what cannot come
 * back is [VaultException.Gone]: a key store that is busy, or that answers in a way nobody foresaw, refuses.
 */
class KeystoreVault(
    context: Context,
    private val prefix: String = "healthcode",
) : Vault {
    private val app = context.applicationContext
    private val lock = Any()

    // StrongBox came with Android 9, and few phones have it.
    private val strongBox =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
            app.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)

    override fun seal(plain: ByteArray): ByteArray =
        guarded {
            // The key store draws the nonce itself: it refuses one from outside.
            val cipher =
                Cipher
                    .getInstance(
                        AES_GCM,
                    ).apply { init(Cipher.ENCRYPT_MODE, sealingKey() ?: makeSealingKey()) }
            val body = cipher.doFinal(plain)
            byteArrayOf(FORMAT, cipher.iv.size.toByte()) + cipher.iv + body
        }

    override fun unseal(`sealed`: ByteArray): ByteArray =
        guarded {
            if (sealed.size < HEADER || sealed[0] != FORMAT) throw VaultException.Gone()
            val nonce = sealed[1].toInt()
            val body = HEADER + nonce
            if (nonce !in NONCES || sealed.size < body + TAG_BITS / 8) throw VaultException.Gone()
            val key = sealingKey() ?: throw VaultException.Gone()
            val spec = GCMParameterSpec(TAG_BITS, sealed, HEADER, nonce)
            val cipher = Cipher.getInstance(AES_GCM).apply { init(Cipher.DECRYPT_MODE, key, spec) }
            cipher.doFinal(sealed, body, sealed.size - body)
        }

    override fun hardwarePublicKey(name: String): ByteArray? =
        guarded {
            val alias = holder(name)
            val known = keyStore().getCertificate(alias)?.publicKey ?: makeHolderKey(alias)
            (known as? ECPublicKey)?.sec1()
        }

    override fun sign(
        name: String,
        message: ByteArray,
    ): ByteArray =
        guarded {
            val key = keyStore().getKey(holder(name), null) as? PrivateKey ?: throw VaultException.Gone()
            Signature.getInstance(ECDSA).run {
                initSign(key)
                update(message)
                sign()
            }
        }

    override fun delete(name: String): Unit = guarded { keyStore().deleteEntry(holder(name)) }

    private fun sealingKey() = keyStore().getKey(sealing, null) as? SecretKey

    private fun makeSealingKey(): SecretKey {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        val spec =
            KeyGenParameterSpec
                .Builder(sealing, purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(256)
                .build()
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, STORE).run {
            init(spec)
            generateKey()
        }
    }

    /** A new key in hardware, StrongBox first; null where the phone has none, and the core keeps a key of its own. */
    private fun makeHolderKey(alias: String) =
        (if (strongBox) generated(alias, inStrongBox = true) else null) ?: generated(alias, inStrongBox = false)

    private fun generated(
        alias: String,
        inStrongBox: Boolean,
    ) = try {
        val spec =
            KeyGenParameterSpec
                .Builder(alias, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec(CURVE))
                .setDigests(KeyProperties.DIGEST_SHA256)
        if (inStrongBox && Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) spec.setIsStrongBoxBacked(true)
        val pair =
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, STORE).run {
                initialize(spec.build())
                generateKeyPair()
            }
        if (pair.private.isInHardware()) pair.public else null.also { keyStore().deleteEntry(alias) }
    } catch (_: ProviderException) {
        // No StrongBox after all, a StrongBox that is full, or a key store that fails with a phone's calendar or language.
        keyStore().deleteEntry(alias)
        null
    }

    private fun PrivateKey.isInHardware(): Boolean =
        try {
            val info = KeyFactory.getInstance(algorithm, STORE).getKeySpec(this, KeyInfo::class.java)
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
                info.securityLevel in hardwareLevels
            } else {
                @Suppress("DEPRECATION")
                info.isInsideSecureHardware
            }
        } catch (_: InvalidKeySpecException) {
            false
        }

    private fun keyStore(): KeyStore = KeyStore.getInstance(STORE).apply { load(null) }

    private val sealing get() = "$prefix.seal"

    private fun holder(name: String) = "$prefix.holder.$name"

    private fun ECPublicKey.sec1(): ByteArray =
        byteArrayOf(UNCOMPRESSED) + w.affineX.coordinate() + w.affineY.coordinate()

    // A big integer has a byte for its sign, or too few bytes.
    private fun BigInteger.coordinate() =
        (ByteArray(COORDINATE) + toByteArray()).let {
            it.copyOfRange(it.size - COORDINATE, it.size)
        }

    /** One at a time: two first calls would make two keys of one name. */
    private inline fun <T> guarded(call: () -> T): T =
        synchronized(lock) {
            if (app.getSystemService(UserManager::class.java)?.isUserUnlockedSafely() ==
                false
            ) {
                throw VaultException.Locked()
            }
            try {
                call()
            } catch (error: VaultException) {
                throw error
            } catch (_: UserNotAuthenticatedException) {
                throw VaultException.Locked()
            } catch (_: KeyPermanentlyInvalidatedException) {
                throw VaultException.Gone()
            } catch (_: AEADBadTagException) {
                // Sealed by an earlier installation, or elsewhere.
                throw VaultException.Gone()
            } catch (_: GeneralSecurityException) {
                throw VaultException.Refused()
            } catch (_: RuntimeException) {
                throw VaultException.Refused()
            }
        }

    // Before Android 7 there is no start of the phone in which it is on and nothing can be read.
    private fun UserManager.isUserUnlockedSafely() = Build.VERSION.SDK_INT < Build.VERSION_CODES.N || isUserUnlocked

    private companion object {
        const val STORE = "AndroidKeyStore"
        const val AES_GCM = "AES/GCM/NoPadding"
        const val ECDSA = "SHA256withECDSA"
        const val CURVE = "secp256r1"
        const val TAG_BITS = 128
        const val COORDINATE = 32
        const val UNCOMPRESSED: Byte = 4

        /** What was sealed begins with this byte and the nonce's length. */
        const val FORMAT: Byte = 1
        const val HEADER = 2
        val NONCES = 12..16

        val hardwareLevels =
            setOf(
                KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT,
                KeyProperties.SECURITY_LEVEL_STRONGBOX,
                KeyProperties.SECURITY_LEVEL_UNKNOWN_SECURE,
            )
    }
}
