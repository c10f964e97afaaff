package dev.healthcode.demo

import dev.healthcode.AskReason
import dev.healthcode.Checkpoint
import dev.healthcode.Colour
import dev.healthcode.Foreign
import dev.healthcode.MemoryVault
import dev.healthcode.Phone
import dev.healthcode.PhoneClock
import dev.healthcode.Ports
import dev.healthcode.Resident
import dev.healthcode.ServerProcess
import dev.healthcode.Stage
import dev.healthcode.Verdict
import dev.healthcode.atHome
import dev.healthcode.config
import dev.healthcode.demo.scan.FrameDecoder
import dev.healthcode.demo.state.gate.GateState
import dev.healthcode.liSi
import dev.healthcode.onStage
import dev.healthcode.wangWu
import org.junit.Test
import java.time.Duration
import kotlin.io.path.createDirectory
import kotlin.random.Random
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue

/**
 * What a gate's camera sees in a busy hour, through the decoder and the core: 200 frames of codes that the core draws, held
 * as people hold them. What came of each frame is known from how it was made, never from reading it.
 */
internal class FramesTest {
    @Test
    fun `two hundred frames of mixed codes come to no wrong verdict, and quickly`() =
        onStage {
            Cast.on(this).use { cast ->
                val random = Random(20_200_211)
                val camera = TestCamera(random)
                val results = mutableListOf<Result>()
                repeat(FRAMES) { number ->
                    world.pass(Duration.ofSeconds(4))
                    val kind = Kind.entries[PATTERN[number % PATTERN.size]]
                    val text = cast.text(kind, number)
                    val readable = kind != Kind.UNREADABLE
                    val shot = if (readable) Shot.usual(random) else Shot.hopeless(random)
                    results += judge(cast.gate, camera.take(text, shot), kind)
                }
                report(results)
                val wrong = results.filter { it.verdict != null && !it.kind.fits(it.verdict) }
                assertEquals(emptyList(), wrong.map { it.kind to it.verdict })
                val readable = results.filter { it.kind != Kind.UNREADABLE }
                val read = readable.count { it.verdict != null }
                // A camera gives another frame a thirtieth of a second later.
                assertTrue(read >= readable.size * 9 / 10, "only $read of ${readable.size} were read")
                for (kind in Kind.entries) assertTrue(results.any { it.kind == kind }, "$kind was among them")
                assertTrue(peopleAMinute(results) >= 25, "a queue would form")
            }
        }

    @Test
    fun `what is no frame and no code gives no text and no crash`() {
        val camera = TestCamera(Random(1))
        val empty = camera.nothing()
        assertNull(FrameDecoder.decode(empty.luma, empty.width, empty.height, empty.stride))
        assertNull(FrameDecoder.decode(ByteArray(0), 0, 0, 0))
        assertNull(FrameDecoder.decode(ByteArray(10), 640, 480, 640), "shorter than it says")
        assertNull(FrameDecoder.decode(ByteArray(640 * 480), 640, 480, 320), "narrower than it says")
        assertNull(FrameDecoder.decode(ByteArray(9), Int.MAX_VALUE, Int.MAX_VALUE, Int.MAX_VALUE))
        assertNull(FrameDecoder.decode(ByteArray(1), 1, 1, 1))
        val noise = Random(2).nextBytes(640 * 480)
        assertNull(FrameDecoder.decode(noise, 640, 480, 640))
    }

    private fun judge(
        gate: Checkpoint,
        frame: Frame,
        kind: Kind,
    ): Result {
        val from = System.nanoTime()
        val text = FrameDecoder.decode(frame.luma, frame.width, frame.height, frame.stride)
        val verdict = text?.let { gate.verify(it).verdict }
        return Result(kind, verdict, System.nanoTime() - from)
    }

    private fun report(results: List<Result>) {
        val millis = results.map { it.nanos / 1e6 }.sorted()
        val read = results.count { it.verdict != null }
        println(
            "%d frames, %d read; a frame through decoder and core: median %.1f ms, slowest %.1f ms".format(
                results.size,
                read,
                millis[millis.size / 2],
                millis.last(),
            ),
        )
        println(
            "people per minute: %.0f, each verdict held for %d ms; %.0f without holding".format(
                peopleAMinute(results),
                GateState.HOLD.toMillis(),
                60_000 / results.meanMillis(),
            ),
        )
        for ((kind, of) in results.groupBy { it.kind }) {
            println(
                "  $kind: " + of.groupingBy { it.verdict?.let { v -> v::class.simpleName } ?: "not read" }.eachCount(),
            )
        }
    }

    /** As many verdicts are held one after the other as go into a minute, after the frames that it takes to read a code. */
    private fun peopleAMinute(results: List<Result>): Double {
        val framesAPerson = results.size.toDouble() / results.count { it.verdict != null }
        return 60_000 / (GateState.HOLD.toMillis() + framesAPerson * maxOf(results.meanMillis(), FRAME_MILLIS))
    }

    private fun List<Result>.meanMillis() = sumOf { it.nanos } / 1e6 / size

    private class Result(
        val kind: Kind,
        val verdict: Verdict?,
        val nanos: Long,
    )

    private companion object {
        const val FRAMES = 200
        const val FRAME_MILLIS = 1000.0 / 30

        /** More green than anything else, as at a gate; each kind comes at least eight times. */
        val PATTERN = listOf(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10)
    }
}

/** What is held before the camera, and the only verdicts that it may come to. */
internal enum class Kind(
    val fits: (Verdict) -> Boolean,
) {
    GREEN({ it is Verdict.Pass && it.colour == Colour.GREEN }),
    YELLOW({ it is Verdict.Stop && it.colour == Colour.YELLOW }),
    RED({ it is Verdict.Stop && it.colour == Colour.RED }),

    /** A green code with one character changed. */
    FORGED({ it is Verdict.Invalid }),

    /** A green code of an authority that the gate does not know. */
    STRANGER({ it is Verdict.UnknownIssuer }),

    /** A picture of a green code, two minutes old. */
    PICTURE({ it is Verdict.AskForAnswer && it.reason == AskReason.OLDER }),

    /** A green code that was shown here some seconds ago. */
    SHOWN_BEFORE({ it is Verdict.AlreadySeen }),
    URL({ it == Verdict.NotAHealthCode(Foreign.URL) }),
    CHALLENGE({ it == Verdict.NotAHealthCode(Foreign.CHALLENGE) }),

    /** It begins like a code and is cut off. */
    CUT({ it is Verdict.Invalid }),

    /** A green code that nobody can read; if it is read after all, it is that one. */
    UNREADABLE({ it is Verdict.Pass }),
}

/** Who comes to the gate. */
private class Cast(
    private val stage: Stage,
    private val other: ServerProcess,
    private val green: Phone,
    private val yellow: Phone,
    private val red: Phone,
    private val stranger: Phone,
    val gate: Checkpoint,
) : AutoCloseable {
    suspend fun text(
        kind: Kind,
        number: Int,
    ): String =
        when (kind) {
            Kind.GREEN, Kind.UNREADABLE -> green.code().text
            Kind.YELLOW -> yellow.code().text
            Kind.RED -> red.code().text
            Kind.FORGED -> forged(green.code().text, number)
            Kind.STRANGER -> stranger.code().text
            Kind.PICTURE -> green.code().text.also { stage.world.pass(Duration.ofMinutes(2)) }
            Kind.SHOWN_BEFORE -> green.code().text.also(::showBefore)
            Kind.URL -> "https://example.org/${"menu/".repeat(8)}$number"
            Kind.CHALLENGE -> gate.challenge().text
            Kind.CUT -> green.code().text.let { it.take(it.length / 6 * 3) }
        }

    private fun showBefore(text: String) {
        assertTrue(gate.verify(text).verdict is Verdict.Pass)
        stage.world.pass(Duration.ofSeconds(10))
    }

    /** One digit of Base45 becomes another, well inside, and nothing else changes. */
    private fun forged(
        text: String,
        number: Int,
    ): String {
        val at = 40 + number % (text.length - 80)
        val digit = if (text[at] == 'A') 'B' else 'A'
        return text.replaceRange(at, at + 1, digit.toString())
    }

    override fun close() {
        listOf(green, yellow, red, stranger).forEach { it.close() }
        gate.close()
        other.close()
    }

    companion object {
        suspend fun on(stage: Stage): Cast {
            val other = ServerProcess(stage.folder.resolve("other").createDirectory(), stage.folder.resolve("clock"))
            val red = stage.phone("red.db")
            red.enrol(wangWu)
            red.resident.declare(red.subject, atHome)
            red.resident.sync()
            return Cast(
                stage,
                other,
                green = stage.phone("green.db").also { it.becomeGreen() },
                yellow = stage.phone("yellow.db").also { it.becomeYellow() },
                red = red,
                stranger = stranger(stage, other),
                gate = stage.gate().also { it.sync() },
            )
        }
    }
}

/** A phone of an authority that is in no list of this gate's. */
internal suspend fun stranger(
    stage: Stage,
    other: ServerProcess,
): Phone {
    val clock = PhoneClock(stage.world)
    val config = config(stage.folder.resolve("stranger.db"), other.url, other.rootKey)
    val resident = Resident.open(config, Ports(MemoryVault(7), clock))
    resident.requestOneTimeCode(liSi)
    val subject = resident.enrol(other.oneTimeCode()).subject
    resident.sync()
    resident.declare(subject, atHome)
    resident.sync()
    return Phone(resident, clock, stage).also { it.subject = subject }
}
