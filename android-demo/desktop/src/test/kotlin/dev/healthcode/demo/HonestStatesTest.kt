package dev.healthcode.demo

import dev.healthcode.Colour
import dev.healthcode.HealthcodeException
import dev.healthcode.JournalEvent
import dev.healthcode.SubjectState
import dev.healthcode.at
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.of
import dev.healthcode.liSi
import dev.healthcode.zhangSan
import kotlinx.coroutines.runBlocking
import org.junit.Test
import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertTrue

/** What does not work says so, and leads on. */
internal class HonestStatesTest {
    @Test
    fun `without a network everything is said, kept and sent later`() =
        onDesk { stage ->
            register(stage, liSi)
            answerNo()
            stage.server.close()
            tap(T.PREVIEW_SEND)
            see(T.SYNC_WAITING, 1)
            see(T.REMEDY_NETWORK)
            pictures("offline")
            tap(T.REMEDY_NETWORK)
            assertEquals(listOf(DeviceSetting.NETWORK), desk.device.opened)
            stage.server.start()
            tap(T.SYNC_NOW)
            await("green") { card().colour == Colour.GREEN }
            unseen(T.SYNC_WAITING, 1)
            assertNotNull(desk.device.wake, "the phone is told when to sync again")
        }

    @Test
    fun `after a restart the code asks for a gate's challenge instead`() =
        onDesk { stage ->
            register(stage, liSi)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("green") { card().colour == Colour.GREEN }
            stage.server.close()
            desk.clock.restart()
            restart()
            tap(T.CARD_CODE)
            see(T.REMEDY_SCAN)
            see(HealthcodeException.TimeUnsure().text)
            pictures("code-time-unsure")
            tap(T.REMEDY_SCAN)
            await("the camera") { desk.camera != null }
            desk.app.home()
            tap(T.CARD_CODE)
            stage.server.start()
            tap(TCode.QUARANTINE_CONNECT)
            await("the code") { shows(texts.of(checkNotNull(card().word))) && !shows(texts[T.REMEDY_SCAN]) }
        }

    @Test
    fun `another vault's file is left as it is, and erased only when asked twice`() =
        onDesk { stage ->
            register(stage, liSi)
            desk.vault = 8
            restart()
            await("it does not open") { desk.app.opening.value is Opening.Failed }
            see(T.OPENING_FAILED)
            pictures("wrong-key")
            desk.vault = 7
            tap(T.REMEDY_RETRY)
            await("it opens") { desk.app.opening.value is Opening.Open }
            assertEquals(
                1,
                desk.session.resident
                    .home()
                    .subjects.size,
                "nothing was lost",
            )
            desk.vault = 8
            restart()
            tap(T.REMEDY_ERASE)
            see(T.ERASE_FILE_ASK)
            tap(T.CANCEL)
            see(T.OPENING_FAILED)
            tap(T.REMEDY_ERASE)
            tap(T.ERASE_FILE_YES)
            see(T.HOME_WELCOME)
        }

    @Test
    fun `a phone that another one replaces is told before, and says so afterwards`() =
        onDesk { stage ->
            register(stage, zhangSan)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("rated") { card().colour != null }
            Desk(stage, "second.db").use { second ->
                val resident = (second.opened() as Opening.Open).session.resident
                resident.requestOneTimeCode(zhangSan)
                resident.enrol(stage.server.oneTimeCode())
                resident.sync()
                desk.app.home()
                tap(T.SYNC_NOW)
                see(T.TAKEOVER)
                pictures("takeover")
                tap(T.TAKEOVER_ALLOW)
                val journal = { runBlocking { desk.session.resident.journal(card().subject) }.entries }
                await("it is recorded") { journal().any { it.event is JournalEvent.Answered } }
                sent()
                resident.sync()
                stage.world.goTo(at(11, 10))
                tap(T.SYNC_NOW)
                await("replaced") { card().state is SubjectState.Replaced }
                see(T.CARD_REPLACED)
                pictures("replaced")
                tap(T.REMEDY_REGISTER)
                see(T.REGISTER_REQUEST)
            }
        }

    @Test
    fun `everything that is stored is handed out, and erased for good`() =
        onDesk { stage ->
            register(stage, liSi)
            desk.app.home()
            tap(T.NAV_SETTINGS)
            tap(T.SETTINGS_EXPORT_SHARE)
            await("the share sheet") { desk.device.shared.isNotEmpty() }
            val (name, bytes) = desk.device.shared.single()
            assertTrue(name.endsWith(".json") && "李四" in bytes.decodeToString())
            assertTrue(chosen(texts[T.SETTINGS_LANGUAGE_PHONE]) && !chosen("简体中文"))
            tapText("简体中文")
            assertEquals("zh-CN", desk.device.language)
            assertTrue(chosen("简体中文") && !chosen("English"))
            tap(T.SETTINGS_ERASE_ALL)
            see(T.SETTINGS_ERASE_ASK)
            rotate()
            see(T.SETTINGS_ERASE_ASK)
            tap(T.ERASE_FILE_YES)
            see(T.HOME_WELCOME)
            assertIs<Opening.Open>(desk.app.opening.value)
            assertEquals(
                0,
                desk.session.resident
                    .home()
                    .subjects.size,
            )
        }
}
