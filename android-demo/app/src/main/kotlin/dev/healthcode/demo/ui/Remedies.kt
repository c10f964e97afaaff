package dev.healthcode.demo.ui

import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Session

/** What each remedy does on a screen whose own state knows: [act], but for what is the phone's. */
internal fun remedies(
    device: Device,
    act: (Remedy) -> Unit,
): (Remedy) -> (() -> Unit)? =
    { remedy ->
        when (remedy) {
            Remedy.NETWORK -> ({ device.openSettings(DeviceSetting.NETWORK) })
            Remedy.NONE, Remedy.UPDATE, Remedy.ERASE -> null
            else -> ({ act(remedy) })
        }
    }

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
            Remedy.SYNC, Remedy.SCAN, Remedy.REGISTER -> ({ session.mend(remedy, subject) })
            Remedy.DECLARE -> subject?.let { { session.mend(remedy, it) } }
            Remedy.NONE, Remedy.UPDATE, Remedy.ERASE -> null
        }
    }
