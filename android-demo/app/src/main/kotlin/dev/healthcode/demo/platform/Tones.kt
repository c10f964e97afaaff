package dev.healthcode.demo.platform

import dev.healthcode.demo.state.Signal
import kotlin.math.PI
import kotlin.math.min
import kotlin.math.sin

/**
 * What each signal sounds and feels like, told apart with the eyes shut: pass rises, stop is low and long, an answer is
 * asked for by three short notes, and a look by one.
 */
internal object Tones {
    /** Samples a second. */
    const val RATE = 22_050

    /** Soft edges, so that a note does not click. */
    private const val EDGE = RATE / 200
    private const val LOUDNESS = 0.7

    /** A note: its pitch in hertz, none for silence, and its length in milliseconds. */
    private class Note(
        val hertz: Double,
        val millis: Int,
    )

    private val notes =
        mapOf(
            Signal.PASS to listOf(Note(880.0, 90), Note(1318.5, 160)),
            Signal.STOP to listOf(Note(196.0, 350), Note(0.0, 60), Note(196.0, 350)),
            Signal.ASK to listOf(Note(659.3, 80), Note(0.0, 60), Note(659.3, 80), Note(0.0, 60), Note(659.3, 80)),
            Signal.LOOK to listOf(Note(587.3, 220)),
        )

    /** Milliseconds of stillness and of vibration, by turns. */
    private val vibrations =
        mapOf(
            Signal.PASS to longArrayOf(0, 60),
            Signal.STOP to longArrayOf(0, 350, 80, 350),
            Signal.ASK to longArrayOf(0, 80, 60, 80, 60, 80),
            Signal.LOOK to longArrayOf(0, 180),
        )

    /** How a signal feels. */
    fun vibration(signal: Signal): LongArray = vibrations.getValue(signal)

    /** How a signal sounds: 16-bit samples of one channel. */
    fun samples(signal: Signal): ShortArray {
        val parts = notes.getValue(signal).map(::samples)
        return ShortArray(parts.sumOf { it.size }).also { all ->
            parts.fold(0) { at, part -> part.copyInto(all, at).let { at + part.size } }
        }
    }

    private fun samples(note: Note): ShortArray {
        val count = note.millis * RATE / 1000
        if (note.hertz == 0.0) return ShortArray(count)
        return ShortArray(count) { at ->
            val edge = min(1.0, min(at, count - 1 - at) / EDGE.toDouble())
            (sin(2 * PI * note.hertz * at / RATE) * edge * LOUDNESS * Short.MAX_VALUE).toInt().toShort()
        }
    }
}
