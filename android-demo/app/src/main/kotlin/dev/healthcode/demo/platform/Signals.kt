package dev.healthcode.demo.platform

import android.content.Context
import android.media.AudioAttributes
import android.media.AudioFormat
import android.media.AudioTrack
import android.os.Build
import android.os.VibrationEffect
import android.os.Vibrator
import android.os.VibratorManager
import dev.healthcode.demo.state.Signal

/** Plays signals. A phone that is busy or that has no loudspeaker stays silent: the screen says it too. */
internal class Signals(
    private val context: Context,
) {
    private var track: AudioTrack? = null

    /** Plays one, in the place of what is still sounding. */
    fun play(signal: Signal) {
        sound(Tones.samples(signal))
        vibrate(Tones.vibration(signal))
    }

    /** Lets go of the loudspeaker. */
    fun close() {
        track?.release()
        track = null
    }

    private fun sound(samples: ShortArray) {
        close()
        val attributes =
            AudioAttributes
                .Builder()
                .setUsage(AudioAttributes.USAGE_ASSISTANCE_SONIFICATION)
                .setContentType(AudioAttributes.CONTENT_TYPE_SONIFICATION)
                .build()
        val format =
            AudioFormat
                .Builder()
                .setEncoding(AudioFormat.ENCODING_PCM_16BIT)
                .setSampleRate(Tones.RATE)
                .setChannelMask(AudioFormat.CHANNEL_OUT_MONO)
                .build()
        track =
            try {
                val bytes = samples.size * Short.SIZE_BYTES
                AudioTrack(attributes, format, bytes, AudioTrack.MODE_STATIC, 0).apply {
                    write(samples, 0, samples.size)
                    play()
                }
            } catch (_: IllegalArgumentException) {
                null
            } catch (_: IllegalStateException) {
                null
            } catch (_: UnsupportedOperationException) {
                null
            }
    }

    private fun vibrate(pattern: LongArray) {
        val vibrator = vibrator() ?: return
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
            vibrator.vibrate(VibrationEffect.createWaveform(pattern, -1))
        } else {
            @Suppress("DEPRECATION")
            vibrator.vibrate(pattern, -1)
        }
    }

    private fun vibrator(): Vibrator? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
            context.getSystemService(VibratorManager::class.java)?.defaultVibrator
        } else {
            context.getSystemService(Vibrator::class.java)
        }
}
