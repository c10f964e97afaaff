package dev.healthcode

/**
 * The clocks of this device, on Android and Linux: one that counts through sleep and that nobody can set, under the
 * kernel's name for this start of the device, and the wall clock.
 *
 * Android 8 and earlier may hide that name from apps. There an app gives a [DeviceClock] of its own, and the same one in
 * every version of the app, since two names for one start of the device are two starts:
 *
 * ```kotlin
 * class BootCountClock(private val resolver: ContentResolver) : DeviceClock {
 *     override fun read() = ClockReading(
 *         bootId = "boot-count-${Settings.Global.getInt(resolver, Settings.Global.BOOT_COUNT)}",
 *         bootMillis = android.os.SystemClock.elapsedRealtime(),
 *         wall = Instant.now(),
 *     )
 * }
 *
 * val clock = if (Build.VERSION.SDK_INT >= 28) systemClock() else BootCountClock(context.contentResolver)
 * ```
 *
 * `BOOT_COUNT` is there from Android 7 on. On Android 6 nothing names a start of the device: give each start of the
 * app's process a name of its own, and the phone is unsure of the time until it has synced in it.
 *
 * @throws HealthcodeException.Port with `clock` where the kernel does not tell which start of the device this is
 */
fun systemClock(): DeviceClock = translated { nativeSystemClock() }

/**
 * [Ports] with the clocks of this device; see [systemClock].
 *
 * @throws HealthcodeException.Port with `clock` where an app must give a clock of its own
 */
fun Ports(
    vault: Vault,
    log: LogSink? = null,
): Ports = Ports(vault, systemClock(), log)
