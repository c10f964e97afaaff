package dev.healthcode.android

import android.app.Notification
import android.content.Context
import dev.healthcode.Resident

/**
 * What background work asks of an app: its `Application` implements it, since the system starts the process for a
 * worker or an alarm without any screen.
 */
interface HealthcodeHost {
    /**
     * Opens the resident's file, or gives another object over it: the same file opened twice in a process is one. Whoever
     * asks closes it.
     *
     * @throws dev.healthcode.HealthcodeException as [Resident.open]
     */
    suspend fun openResident(): Resident

    /**
     * What stands on the screen when a check-in is due, built with a channel of the app's. It is seen by whoever picks up
     * the phone: let it name no person, no colour and no quarantine on a locked screen, by `VISIBILITY_PRIVATE` and a
     * public version.
     */
    fun reminder(): Notification
}

/** The app as the host of background work, or null where its `Application` is none. */
internal val Context.host: HealthcodeHost? get() = applicationContext as? HealthcodeHost
