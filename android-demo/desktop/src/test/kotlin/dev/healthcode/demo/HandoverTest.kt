package dev.healthcode.demo

import dev.healthcode.Colour
import dev.healthcode.HealthcodeException
import dev.healthcode.SubjectState
import dev.healthcode.authorities
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.TCode
import dev.healthcode.demo.ui.TFamily
import dev.healthcode.demo.ui.of
import dev.healthcode.enrolmentUnderWay
import dev.healthcode.handOver
import dev.healthcode.handoverRequest
import dev.healthcode.liSi
import dev.healthcode.takeOver
import dev.healthcode.zhangSan
import org.junit.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** A person moves from one phone to another, face to face; and what another region would make of a person. */
internal class HandoverTest {
    @Test
    fun `a new phone shows what it asks with, scans the answer, and speaks for the person`() =
        onDesk { stage ->
            val old = stage.phone("old.db").also { it.becomeGreen() }
            tap(TFamily.HANDOVER_OPEN)
            see(TFamily.HANDOVER_ONE)
            assertTrue(desk.device.secret, "it is in no screenshot")
            pictures("handover-request", small)
            val request = zbar(picture("handover-read"))
            // The picture is the same after the app's end.
            restart()
            see(TFamily.HANDOVER_ONE)
            assertEquals(request, zbar(picture("handover-read")))
            val answer = old.resident.handOver(old.subject, request).text
            tap(TFamily.HANDOVER_SCAN)
            see(TCode.SCAN_NOBODY)
            assertFalse(desk.device.secret)
            await("the camera") { desk.camera != null }
            stage.server.close()
            desk.camera?.invoke(answer)
            see(T.REMEDY_NETWORK)
            tap(T.REMEDY_NETWORK)
            assertEquals(listOf(DeviceSetting.NETWORK), desk.device.opened.toList())
            see(TFamily.HANDOVER_OFFLINE)
            pictures("handover-offline")
            stage.server.start()
            // What was scanned is kept: the other phone need not be there any more.
            tap(T.REMEDY_RETRY)
            await("the person") {
                desk.session.resident
                    .home()
                    .subjects.size == 1
            }
            see(TFamily.HANDOVER_TAKEN, card().maskedName, card().idTail)
            pictures("handover-taken")
            desk.app.home()
            await("the colour has come too") { card().colour == Colour.GREEN }
            old.close()
        }

    @Test
    fun `the phone of before asks whom, hands over only where somebody agrees, and is replaced`() =
        onDesk { stage ->
            register(stage, liSi)
            answerNo()
            tap(T.PREVIEW_SEND)
            await("green") { card().colour == Colour.GREEN }
            desk.app.go(Screen(Place.REGISTER))
            fill(zhangSan)
            confirm(stage)
            val new = stage.phone("new.db")
            desk.app.go(Screen(Place.PERSON, card(1).subject))
            tap(TFamily.PERSON_HAND_OVER)
            await("the camera") { desk.camera != null }
            desk.camera?.invoke(new.resident.handoverRequest().text)
            see(TFamily.HANDOVER_ASKED)
            see(TFamily.HANDOVER_AGREE, "${card(1).maskedName} ${card(1).idTail}")
            pictures("handover-asked")
            tap(T.CANCEL)
            await("the camera") { desk.camera != null }
            desk.camera?.invoke(new.resident.handoverRequest().text)
            tap(TCode.SCAN_FOR, card(0).maskedName, card(0).idTail)
            tap(TFamily.HANDOVER_AGREE, "${card(0).maskedName} ${card(0).idTail}")
            see(TFamily.HANDOVER_SHOWN_ABOUT)
            await("bright, and in no screenshot") { desk.device.bright && desk.device.secret }
            pictures("handover-answer", small)
            val subject = card(0).subject
            assertEquals(subject, new.resident.takeOver(zbar(picture("handover-read"))).subject)
            look = small
            // Where nothing but the code has room, whose it is stands above it, and back leaves it, not the scanner.
            seeText("${card(0).maskedName} ${card(0).idTail} · ${texts[TFamily.HANDOVER_SHOWN]}")
            assertTrue(desk.app.back())
            await("the camera") { desk.camera != null }
            assertFalse(desk.device.secret || desk.device.bright)
            look = Look()
            desk.app.home()
            tap(T.SYNC_NOW)
            await("replaced") { card(0).state is SubjectState.Replaced }
            new.close()
        }

    @Test
    fun `another region's rules are asked on this phone, of the authorities that the list has`() =
        onDesk(witness = true) { stage ->
            register(stage, zhangSan)
            desk.app.go(Screen(Place.MOVE, card().subject))
            choose(TFamily.MOVE_ISSUER, texts.of(elsewhere()))
            tap(TFamily.MOVE_LOOK)
            see(TFamily.MOVE_PROBLEMS)
            desk.app.home()
            tap(T.CARD_DECLARE)
            declareWuhan()
            desk.app.go(Screen(Place.PERSON, card().subject))
            tap(TFamily.PERSON_MOVE)
            choose(TFamily.MOVE_ISSUER, texts.of(elsewhere()))
            tap(TFamily.MOVE_LOOK)
            see(TFamily.MOVE_DECIDES)
            pictures("move")
            stage.server.close()
        }

    @Test
    fun `a person moves to another authority with what the phone keeps, and each card says whose it is`() =
        onDesk(witness = true) { stage ->
            register(stage, zhangSan)
            declareWuhan()
            val here = card().subject
            desk.app.go(Screen(Place.PERSON, here))
            tap(TFamily.PERSON_MOVE)
            choose(TFamily.MOVE_ISSUER, texts.of(elsewhere()))
            tap(TFamily.MOVE_LOOK)
            tap(TFamily.MOVE_GO)
            see(TFamily.MOVE_ASK, texts.of(elsewhere()))
            pictures("move-ask")
            tap(T.CANCEL)
            assertNull(desk.session.resident.enrolmentUnderWay(), "nothing is sent before the person has agreed")
            tap(TFamily.MOVE_GO)
            tap(TFamily.MOVE_AGREE)
            see(T.REGISTER_CONFIRM)
            pictures("move-code")
            val second = checkNotNull(stage.second)
            second.oneTimeCode().let { code ->
                type(T.REGISTER_CODE, "000000".takeIf { it != code } ?: "000001")
                tap(T.REGISTER_CONFIRM)
                see(HealthcodeException.Rejected("wrong-code").text)
                // The app's process may end while the message is looked up.
                restart()
                desk.app.home()
                see(T.HOME_MOVES, card().maskedName)
                tap(T.HOME_CODE_ENTER)
                type(T.REGISTER_CODE, code)
            }
            tap(T.REGISTER_CONFIRM)
            await("the person is known there") {
                desk.session.resident
                    .home()
                    .subjects
                    .any { it.movedFrom == here }
            }
            desk.app.home()
            tap(T.SYNC_NOW)
            await("the colour there") { card(1).colour == Colour.YELLOW }
            seeText(texts.of(elsewhere()))
            tap(T.NAV_SETTINGS)
            type(T.SETTINGS_REGION, "44")
            tap(T.SETTINGS_REGION_KEEP)
            see(HealthcodeException.InvalidField("region", "length").text)
            type(T.SETTINGS_REGION, "440300")
            tap(T.SETTINGS_REGION_KEEP)
            await("the code of there is shown") { card(1).shownHere && !card(0).shownHere }
            desk.app.home()
            see(TFamily.CARD_SHOWN_HERE)
            pictures("home-moved")
        }

    private fun Hand.elsewhere() =
        desk.session.resident
            .authorities()
            .first { !it.home }
            .name
}
