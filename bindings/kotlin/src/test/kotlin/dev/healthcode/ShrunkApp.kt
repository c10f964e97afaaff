package dev.healthcode

import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeout
import java.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * A small app that is shrunk together with the package by the rules that the package brings, and run: each way across
 * the border once. It is no test by itself.
 */
internal object ShrunkApp {
    @JvmStatic
    fun main(arguments: Array<String>) {
        onStage {
            val phone = phone().also { it.becomeYellow() }
            phone.tap()
            check(phone.resident.sync().accepted == 1u)
            check(phone.quarantine().counted == 1.toUShort())
            val code = withTimeout(10.seconds) { phone.resident.codes(phone.subject).first() }
            check(code.colour == Colour.YELLOW && code.png().size > 1_000)
            gate().use {
                it.sync()
                world.pass(Duration.ofSeconds(1))
                check(it.verify(code.text).verdict is Verdict.Stop)
                check(it.status().run { time == GateTimeState.FIRM && statusLists.isNotEmpty() })
                check(it.counts().single().verdict == "stop")
                val challenge = checkNotNull(it.verify(code.text).run { challenge ?: it.challenge() })
                phone.code(challenge.text)
                check(
                    phone.resident
                        .answeredChallenges(phone.subject)
                        .single()
                        .gate == "North gate",
                )
            }
            phone.resident.recordTrip(phone.subject, trip(7u))
            check(
                phone.resident
                    .whereabouts(phone.subject)
                    .single()
                    .mode == TransportMode.TRAIN,
            )
            check(phone.resident.exposures(phone.subject).isEmpty() && phone.resident.noticeState().size == 0u)
            val unwitnessed = runCatching { phone.resident.fetchNotices() }.exceptionOrNull()
            check(unwitnessed is HealthcodeException.NoticeLog && unwitnessed.kind == NoticeLogKind.UNWITNESSED)
            val refused = runCatching { phone.resident.enrol("12") }.exceptionOrNull()
            check(refused is HealthcodeException.InvalidField && refused.text.en.isNotEmpty())
            val vault =
                object : MemoryVault(7) {
                    override fun seal(plain: ByteArray): ByteArray = throw AssertionError("no key store")
                }
            val locked =
                runCatching { Resident.open(config("other.db"), Ports(vault, PhoneClock(world))) }.exceptionOrNull()
            check(locked is HealthcodeException.Vault && locked.kind == VaultKind.REFUSED)
            phone.close()
            check(runCatching { phone.resident.home() }.exceptionOrNull() is HealthcodeException.Closed)
        }
        println("the shrunk app works")
    }
}
