package dev.healthcode.demo.ui

import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session

/** What each remedy does on a screen about [subject]; [retry] is the screen's own "once more". */
internal fun remedies(
    session: Session,
    device: Device,
    subject: String? = null,
    retry: () -> Unit = session::sync,
): (Remedy) -> (() -> Unit)? =
    { remedy ->
        when (remedy) {
            Remedy.RETRY -> retry
            Remedy.NETWORK -> ({ device.openSettings(DeviceSetting.NETWORK) })
            Remedy.SYNC -> session::sync
            Remedy.DECLARE -> subject?.let { { session.app.go(Screen(Place.DECLARE, it)) } }
            Remedy.SCAN -> ({ session.app.go(Screen(Place.SCAN)) })
            Remedy.REGISTER -> ({ session.app.go(Screen(Place.REGISTER)) })
            Remedy.NONE, Remedy.UPDATE, Remedy.ERASE -> null
        }
    }
