package dev.healthcode.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import org.robolectric.shadow.api.Shadow
import org.robolectric.util.ReflectionHelpers
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyFactorySpi
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.PrivateKey
import java.security.Provider
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.ECGenParameterSpec
import java.security.spec.KeySpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec

/**
 * Stands in for Android Keystore, which Robolectric has none of: the same names and specifications, over keys in memory.
 * It shows what the vault asks for and does with the answers, and nothing of what a phone's hardware does.
 */
internal class FakeKeyStore : Provider("AndroidKeyStore", 1.0, "keys in memory") {
    val kept = HashMap<String, Any>()

    /** What the phone has. */
    var level = KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT
    var strongBox = false

    /** Thrown by the next call that makes or reads a key. */
    var fault: Exception? = null

    /** What was asked for, the latest last. */
    val asked = ArrayList<KeyGenParameterSpec>()

    init {
        serve("KeyStore", "AndroidKeyStore") { Store() }
        serve("KeyGenerator", "AES") { Aes() }
        serve("KeyPairGenerator", "EC") { Pairs() }
        serve("KeyFactory", "EC") { Infos() }
    }

    private fun serve(
        type: String,
        algorithm: String,
        make: () -> Any,
    ) = putService(
        object : Service(this, type, algorithm, "made here", null, null) {
            override fun newInstance(parameter: Any?) = make()

            override fun supportsParameter(parameter: Any?) = true
        },
    )

    private fun failing() = fault?.let { throw it }

    private class Named(
        private val key: PublicKey,
    ) : Certificate("X.509") {
        override fun getPublicKey() = key

        override fun getEncoded(): ByteArray = key.encoded

        override fun verify(key: PublicKey?) = Unit

        override fun verify(
            key: PublicKey?,
            provider: String?,
        ) = Unit

        override fun toString() = "a key's certificate"
    }

    private inner class Store : KeyStoreSpi() {
        override fun engineGetKey(
            alias: String,
            password: CharArray?,
        ): Key? {
            failing()
            return when (val found = kept[alias]) {
                is KeyPair -> found.private
                else -> found as? SecretKey
            }
        }

        override fun engineGetCertificate(alias: String): Certificate? =
            (kept[alias] as? KeyPair)?.let { Named(it.public) }

        override fun engineDeleteEntry(alias: String) {
            kept.remove(alias)
        }

        override fun engineContainsAlias(alias: String) = alias in kept

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(kept.keys.toList())

        override fun engineSize() = kept.size

        override fun engineIsKeyEntry(alias: String) = alias in kept

        override fun engineIsCertificateEntry(alias: String) = false

        override fun engineGetCertificateAlias(cert: Certificate?): String? = null

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCreationDate(alias: String): Date? = null

        override fun engineSetKeyEntry(
            alias: String?,
            key: Key?,
            password: CharArray?,
            chain: Array<out Certificate>?,
        ) = throw UnsupportedOperationException()

        override fun engineSetKeyEntry(
            alias: String?,
            key: ByteArray?,
            chain: Array<out Certificate>?,
        ) = throw UnsupportedOperationException()

        override fun engineSetCertificateEntry(
            alias: String?,
            cert: Certificate?,
        ) = throw UnsupportedOperationException()

        override fun engineStore(
            stream: OutputStream?,
            password: CharArray?,
        ) = Unit

        override fun engineLoad(
            stream: InputStream?,
            password: CharArray?,
        ) = Unit
    }

    private inner class Aes : KeyGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun engineInit(
            params: AlgorithmParameterSpec?,
            random: SecureRandom?,
        ) {
            spec = params as KeyGenParameterSpec
            asked += spec
        }

        override fun engineInit(random: SecureRandom?) = throw UnsupportedOperationException()

        override fun engineInit(
            keysize: Int,
            random: SecureRandom?,
        ) = throw UnsupportedOperationException()

        override fun engineGenerateKey(): SecretKey {
            failing()
            val bytes = ByteArray(spec.keySize / 8).also(SecureRandom()::nextBytes)
            return SecretKeySpec(bytes, "AES").also { kept[spec.keystoreAlias] = it }
        }
    }

    private inner class Pairs : KeyPairGeneratorSpi() {
        private lateinit var spec: KeyGenParameterSpec

        override fun initialize(
            keysize: Int,
            random: SecureRandom?,
        ) = throw UnsupportedOperationException()

        override fun initialize(
            params: AlgorithmParameterSpec?,
            random: SecureRandom?,
        ) {
            spec = params as KeyGenParameterSpec
            asked += spec
        }

        override fun generateKeyPair(): KeyPair {
            failing()
            if (spec.isStrongBoxBacked && !strongBox) throw StrongBoxUnavailableException()
            val curve = (spec.algorithmParameterSpec as ECGenParameterSpec).name
            // Which of the other providers works under Robolectric is not the same everywhere.
            val pair =
                Security.getProviders("KeyPairGenerator.EC").filter { it !== this@FakeKeyStore }.firstNotNullOf {
                    runCatching {
                        KeyPairGenerator
                            .getInstance(
                                "EC",
                                it,
                            ).apply { initialize(ECGenParameterSpec(curve)) }
                            .generateKeyPair()
                    }.getOrNull()
                }
            return pair.also { kept[spec.keystoreAlias] = it }
        }
    }

    private inner class Infos : KeyFactorySpi() {
        override fun <T : KeySpec?> engineGetKeySpec(
            key: Key?,
            keySpec: Class<T>?,
        ): T {
            val info = Shadow.newInstanceOf(KeyInfo::class.java)
            ReflectionHelpers.setField(info, "mSecurityLevel", level)
            @Suppress("UNCHECKED_CAST")
            return info as T
        }

        override fun engineGeneratePublic(keySpec: KeySpec?): PublicKey = throw UnsupportedOperationException()

        override fun engineGeneratePrivate(keySpec: KeySpec?): PrivateKey = throw UnsupportedOperationException()

        override fun engineTranslateKey(key: Key?): Key = throw UnsupportedOperationException()
    }
}
