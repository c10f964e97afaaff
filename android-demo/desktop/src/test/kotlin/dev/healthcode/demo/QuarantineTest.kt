package dev.healthcode.demo

import androidx.compose.ui.test.ExperimentalTestApi
import dev.healthcode.CheckInState
import dev.healthcode.HealthcodeException
import dev.healthcode.MemoryVault
import dev.healthcode.Phone
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Resident
import dev.healthcode.Stage
import dev.healthcode.VaultException
import dev.healthcode.VaultKind
import dev.healthcode.at
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Draft
import dev.healthcode.demo.state.quarantine.QuarantineState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.demo.ui.parts.instant
import dev.healthcode.demo.ui.quarantine.QuarantineScreen
import dev.healthcode.february
import dev.healthcode.healthcode
import dev.healthcode.onStage
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.flowOf
import org.junit.Test
import java.net.URI
import kotlin.io.path.writeBytes
import kotlin.test.assertEquals
import kotlin.test.assertNotNull
import kotlin.test.assertTrue

/** The quarantine's screen: the day's check-in in one tap, what breaks it, when it ends, and the proof. */
@OptIn(ExperimentalTestApi::class)
internal class QuarantineTest {
    @Test
    fun `one tap checks in, once, and the screen says for which day and what comes next`() =
        onQuarantine { state, phone, device ->
            onScreen(content = { QuarantineScreen(state, device, it) }) { texts ->
                awaits("what is due") { shows(texts.get(TCode.QUARANTINE_DAYS, 0, 7)) }
                assertTrue(shows(texts[TCode.QUARANTINE_RESTART]), "what would break it")
                assertTrue(shows(texts.get(TCode.QUARANTINE_EARLIEST, texts.instant(at(18, 0)))))
                taps(texts[TCode.QUARANTINE_CHECK_IN])
                awaits("it is kept") { shows(texts.get(TCode.QUARANTINE_RECORDED_DAY, texts.day(february(11)))) }
                awaits("it counts") { shows(texts.get(TCode.QUARANTINE_DAYS, 1, 7)) }
                awaits("the next day") { shows(texts.get(TCode.QUARANTINE_NEXT, texts.instant(at(12, 0)))) }
                assertTrue(!shows(texts[TCode.QUARANTINE_CHECK_IN]), "once a day")
                assertEquals(1, phone.quarantine().checkIns.size)
            }
        }

    @Test
    fun `symptoms are told with the check-in`() =
        onQuarantine { state, phone, device ->
            onScreen(height = 1_400, content = { QuarantineScreen(state, device, it) }) { texts ->
                taps(texts[TCode.QUARANTINE_SYMPTOMS])
                val fever =
                    phone.resident
                        .form()
                        .symptoms
                        .first { it.id == "fever" }
                taps(texts.of(fever.text))
                assertEquals(setOf("fever"), state.view.value.chosen)
                taps(texts[TCode.QUARANTINE_SYMPTOMS_SEND])
                awaits("it is kept") { state.view.value.recorded != null }
            }
            phone.resident.sync()
            val counted =
                phone
                    .quarantine()
                    .checkIns
                    .single()
                    .state
            assertTrue(counted is CheckInState.Counted, "$counted")
        }

    @Test
    fun `a check-in that a locked vault did not let through is made by trying again, with what was chosen`() =
        onStage {
            phone().use { it.becomeYellow() }
            val vault =
                object : MemoryVault(7) {
                    @Volatile var locked = false

                    override fun unseal(`sealed`: ByteArray): ByteArray =
                        if (locked) throw VaultException.Locked() else super.unseal(sealed)
                }
            val clock = PhoneClock(world)
            val phone = Phone(Resident.open(config("phone.db"), Ports(vault, clock)), clock, this)
            phone.subject = phone.card().subject
            phone.resident.sync()
            inScope { scope ->
                val (state, device) = state(phone, scope) to NotedDevice()
                onScreen(height = 1_400, content = { QuarantineScreen(state, device, it) }) { texts ->
                    taps(texts[TCode.QUARANTINE_SYMPTOMS])
                    state.choose("fever")
                    vault.locked = true
                    taps(texts[TCode.QUARANTINE_SYMPTOMS_SEND])
                    val locked = texts.of(HealthcodeException.Vault(VaultKind.LOCKED).text)
                    awaits("why not") { shows(locked) }
                    taps(texts[T.REMEDY_RETRY])
                    awaits("still not") { state.view.value.run { !busy && trouble != null } }
                    assertEquals(0, phone.quarantine().checkIns.size)
                    vault.locked = false
                    taps(texts[T.REMEDY_RETRY])
                    awaits("it is kept") { state.view.value.recorded != null && !shows(locked) }
                    assertEquals(1, phone.quarantine().checkIns.size)
                    assertEquals(emptySet(), state.view.value.chosen)
                }
            }
            phone.close()
        }

    @Test
    fun `a missed day is shown as missed, and the days begin again`() =
        onQuarantine { state, phone, device ->
            phone.tap()
            phone.resident.sync()
            world.goTo(at(13, 9))
            phone.resident.sync()
            onScreen(
                height = 1_400,
                language = Language.ZH,
                content = { QuarantineScreen(state, device, it) },
            ) { texts ->
                awaits("none counts any more") { shows(texts.get(TCode.QUARANTINE_DAYS, 0, 7)) }
                assertTrue(
                    shows(texts[TCode.DAY_MISSED]) && shows(texts[TCode.DAY_DONE]) && shows(texts[TCode.DAY_OPEN]),
                )
                assertTrue(shows(texts.get(TCode.QUARANTINE_EARLIEST, texts.instant(at(20, 0)))))
            }
        }

    @Test
    fun `where notifications are off it says so and leads to the setting`() =
        onQuarantine { state, _, device ->
            device.allowed.value = false
            onScreen(height = 1_400, content = { QuarantineScreen(state, device, it) }) { texts ->
                awaits("why no reminder comes") { shows(texts[TCode.QUARANTINE_REMINDER_OFF]) }
                taps(texts[TCode.QUARANTINE_REMINDER_ALLOW])
                assertEquals(listOf(DeviceSetting.NOTIFICATIONS), device.opened.toList())
                device.allowed.value = true
                awaits("no word of it once they are on") { !shows(texts[TCode.QUARANTINE_REMINDER_OFF]) }
            }
        }

    @Test
    fun `at the end it asks to connect, and the proof that is shared verifies without the phone`() =
        onQuarantine { state, phone, device ->
            for (day in 11..17) {
                world.goTo(at(day, 20))
                phone.tap()
                phone.resident.sync()
            }
            world.goTo(at(18, 8))
            onScreen(height = 1_400, content = { QuarantineScreen(state, device, it) }) { texts ->
                awaits("it is complete") { shows(texts[TCode.QUARANTINE_COMPLETE]) }
                phone.resident.sync()
                awaits("it is over") { shows(texts[TCode.QUARANTINE_NONE]) }
                taps(texts[TCode.QUARANTINE_LAST_PROOF])
                awaits("the share sheet") { device.shared.isNotEmpty() }
            }
            val (name, bytes) = assertNotNull(device.shared.single())
            val proof = folder.resolve(name).apply { writeBytes(bytes) }
            val list = folder.resolve("trust-list.cbor")
            list.writeBytes(URI("${server.url}/.well-known/healthcode/trust-list.cbor").toURL().readBytes())
            val root = server.rootKey.joinToString("") { "%02x".format(it) }
            val said = healthcode("proof", "verify", "$proof", "--trust-list", "$list", "--root-key", root)
            assertTrue("2020-02-17" in said, said)
        }

    private fun onQuarantine(play: suspend Stage.(QuarantineState, Phone, NotedDevice) -> Unit) =
        onStage {
            val phone = phone().also { it.becomeYellow() }
            inScope { scope -> play(state(phone, scope), phone, NotedDevice()) }
            phone.close()
        }

    private fun state(
        phone: Phone,
        scope: CoroutineScope,
    ) = Draft(phone.resident, scope, phone.subject, "check-in").let {
        QuarantineState(phone.resident, phone.subject, scope, flowOf(true), {}, it)
    }
}
