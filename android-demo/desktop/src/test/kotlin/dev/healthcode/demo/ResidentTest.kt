package dev.healthcode.demo

import dev.healthcode.Colour
import dev.healthcode.IdentityForm
import dev.healthcode.Stage
import dev.healthcode.at
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.RegisterField
import dev.healthcode.demo.state.RegisterState
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.quarantine.QuarantineState
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.parts.day
import dev.healthcode.february
import dev.healthcode.liSi
import dev.healthcode.zhangSan
import org.junit.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** A resident's days with the app, over the real library and against the server's own process. */
internal class ResidentTest {
    @Test
    fun `from nothing to yellow, seven days with some of them offline, and to green`() =
        onDesk { stage ->
            see(T.HOME_WELCOME)
            register(stage, zhangSan)
            declareWuhan()
            see(T.CARD_DAYS, 0, 7)
            assertEquals(Colour.YELLOW, card().colour)

            for (day in 11..17) {
                stage.world.goTo(at(day, 9, 30))
                // The fourth and the fifth day pass without a network.
                if (day == 14) stage.server.close()
                if (day == 16) stage.server.start()
                desk.app.home()
                open(T.CARD_QUARANTINE, Place.QUARANTINE)
                tap(TCode.QUARANTINE_CHECK_IN)
                rotate()
                checkedIn()
                await("day $day counts") { card().countedDays?.toInt() == day - 10 }
                desk.app.home()
                tap(T.SYNC_NOW)
                if (day in 14..15) {
                    see(T.SYNC_WAITING, day - 13)
                    see(T.REMEDY_NETWORK)
                    restart()
                    see(T.SYNC_WAITING, day - 13)
                } else {
                    sent()
                }
                exchanged()
            }
            stage.world.goTo(at(18, 8))
            seeLater(T.CARD_CONNECT)
            tap(T.SYNC_NOW)
            await("green") { card().colour == Colour.GREEN }
            unseen(T.CARD_QUARANTINE)
        }

    @Test
    fun `two people are on one phone, each with an own code and an own record`() =
        onDesk { stage ->
            register(stage, zhangSan)
            declareWuhan()
            open(T.HOME_ANOTHER, Place.REGISTER)
            fill(liSi)
            confirm(stage)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("two colours") {
                desk.session.home.value
                    ?.subjects
                    ?.map { it.colour } == listOf(Colour.YELLOW, Colour.GREEN)
            }
            seeText("${card(0).maskedName} · 002X")
            seeText("${card(1).maskedName} · 0014")
            pictures("home-two")
        }

    @Test
    fun `what was typed survives a rotation, and a wrong field says so where it stands`() =
        onDesk { stage ->
            tap(T.HOME_REGISTER)
            fill(zhangSan.copy(documentNumber = "110105194912310021", phone = "13800138000", region = "99"))
            tap(T.REGISTER_REQUEST)
            val wrong = desk.session.resident.checkIdentity(zhangSan.copy(documentNumber = "110105194912310021"))
            see(wrong.single().text)
            pictures("register-wrong")
            rotate()
            seeText("张三")
            see(wrong.single().text)
            assertFalse(
                desk.app.saved
                    .all()
                    .values
                    .any { "张三" in it },
                "a name goes into no file",
            )
            fill(zhangSan)
            tap(T.REGISTER_REQUEST)
            see(T.REGISTER_CONFIRM)
            stage.server.oneTimeCode()
            type(T.REGISTER_CODE, "000000")
            tap(T.REGISTER_CONFIRM)
            see(
                dev.healthcode.HealthcodeException
                    .Rejected("wrong-code")
                    .text,
            )
            pictures("register-code")
        }

    @Test
    fun `what a person types never crashes`() =
        onDesk {
            tap(T.HOME_REGISTER)
            for (junk in listOf("", " ", "\u0000", "'; DROP TABLE", "张".repeat(5_000), "\uD800", "😀\n\t", "-1")) {
                fill(IdentityForm(junk, "resident-id", junk, junk, junk))
                tap(T.REGISTER_REQUEST)
                val form = desk.session.holder<RegisterState>(Screen(Place.REGISTER)) { error("it is open") }
                await("what is wrong with '${junk.take(9)}'") {
                    form.view.value.run {
                        RegisterField.DOCUMENT in problems ||
                            trouble != null
                    }
                }
                see(T.REGISTER_REQUEST)
            }
            assertEquals(
                Place.REGISTER,
                desk.app.stack.value
                    .last()
                    .place,
            )
        }
}

internal fun Hand.card(index: Int = 0) =
    desk.session.resident
        .home()
        .subjects[index]

/** The quarantine's screen, which is open, has recorded the check-in, and what it asks of the network has begun. */
internal fun Hand.checkedIn() {
    val screen =
        desk.app.stack.value
            .last()
    val state = desk.session.holder<QuarantineState>(screen) { error("it is open") }
    await("it is recorded") { state.view.value.run { recorded != null && !busy } }
}

/** Registers a person whom the records know. */
internal fun Hand.register(
    stage: Stage,
    identity: IdentityForm,
) {
    tap(T.HOME_REGISTER)
    fill(identity)
    confirm(stage)
}

internal fun Hand.fill(identity: IdentityForm) {
    type(T.REGISTER_NAME, identity.name)
    type(T.REGISTER_DOCUMENT, identity.documentNumber)
    type(T.REGISTER_PHONE, identity.phone)
    type(T.REGISTER_REGION, identity.region)
}

internal fun Hand.confirm(stage: Stage) {
    tap(T.REGISTER_REQUEST)
    see(T.REGISTER_CONFIRM)
    type(T.REGISTER_CODE, stage.server.oneTimeCode())
    tap(T.REGISTER_CONFIRM)
    see(T.DECLARE_PREVIEW)
}

/** Answers that nothing is the matter, up to the preview. */
internal fun Hand.answerNo() {
    see(T.DECLARE_PREVIEW)
    tap(T.NO)
    tap(T.DECLARE_NONE)
    tap(T.DECLARE_PREVIEW)
    see(T.PREVIEW_SERVER)
}

/** Declares a stay in a high-risk area, which the preview already says is yellow. */
internal fun Hand.declareWuhan() {
    see(T.DECLARE_PREVIEW)
    tap(T.DECLARE_PREVIEW)
    see(T.DECLARE_PROBLEMS)
    fillWuhan()
    rotate()
    tap(T.DECLARE_PREVIEW)
    see(T.COLOUR_YELLOW)
    assertTrue(shows(texts[T.PREVIEW_SERVER]))
    tap(T.PREVIEW_SEND)
    await("yellow") { card().colour == Colour.YELLOW }
    sent()
}

/** Fills in that nothing is the matter but a stay in a high-risk area. */
internal fun Hand.fillWuhan() {
    tap(T.NO)
    tap(T.DECLARE_NONE)
    tap(T.DECLARE_ADD)
    type(T.DECLARE_REGION, "420100", 1)
    choose(T.DECLARE_FROM, texts.day(february(1)))
    choose(T.DECLARE_TO, texts.day(february(8)))
}
