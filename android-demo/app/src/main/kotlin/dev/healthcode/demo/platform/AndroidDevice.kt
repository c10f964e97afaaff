package dev.healthcode.demo.platform

import android.Manifest
import android.content.ActivityNotFoundException
import android.content.ClipData
import android.content.Intent
import android.content.pm.PackageManager
import android.net.Uri
import android.os.Build
import android.provider.Settings
import android.view.WindowManager
import android.widget.Toast
import androidx.activity.ComponentActivity
import androidx.activity.result.contract.ActivityResultContracts.RequestPermission
import androidx.activity.result.contract.ActivityResultContracts.StartActivityForResult
import androidx.core.app.NotificationManagerCompat
import dev.healthcode.demo.R
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Signal
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.time.Instant

/**
 * The phone, for the screens of one activity. Make it before the activity is started: it asks for permissions and for a
 * place to save.
 *
 * @param pending what waits for a place to be chosen; it outlives the activity, and is in no file
 * @param replan sets alarm and background work anew, for all subjects together
 */
internal class AndroidDevice(
    private val activity: ComponentActivity,
    private val pending: Pending,
    private val lamp: Lamp,
    private val replan: () -> Unit,
) : Device {
    private val signals = Signals(activity.applicationContext)
    private val printer = PagePrinter(activity)

    private val allowed = MutableStateFlow(notify())
    private var explained = false

    private val askToNotify =
        activity.registerForActivityResult(RequestPermission()) { granted ->
            looked()
            // Whoever has just said no is not led anywhere; where the system did not ask any more, its settings help.
            if (!granted && !explained && !explains()) open(notificationSettings())
        }

    private val place =
        activity.registerForActivityResult(StartActivityForResult()) { result ->
            val bytes = pending.take()
            val uri = result.data?.data
            if (uri != null) write(uri, bytes)
        }

    override fun bright(on: Boolean) {
        val override = WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_FULL
        val own = WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_NONE
        activity.window.attributes = activity.window.attributes.apply { screenBrightness = if (on) override else own }
    }

    override fun awake(on: Boolean) {
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (on) activity.window.addFlags(flag) else activity.window.clearFlags(flag)
    }

    override val torchAvailable: Boolean
        get() = activity.packageManager.hasSystemFeature(PackageManager.FEATURE_CAMERA_FLASH)

    override fun torch(on: Boolean) {
        lamp.set(on)
    }

    override fun signal(signal: Signal) = signals.play(signal)

    override fun share(
        name: String,
        type: String,
        bytes: ByteArray,
    ) {
        val uri = SharedBytes.offer(activity, name, type, bytes)
        val send =
            Intent(Intent.ACTION_SEND)
                .setType(type)
                .putExtra(Intent.EXTRA_STREAM, uri)
                .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        // The grant goes with the clip, through the chooser.
        send.clipData = ClipData.newUri(activity.contentResolver, name, uri)
        open(Intent.createChooser(send, activity.getString(R.string.platform_share_title)))
    }

    override fun save(
        name: String,
        type: String,
        bytes: ByteArray,
    ) {
        pending.put(bytes)
        val create =
            Intent(Intent.ACTION_CREATE_DOCUMENT)
                .addCategory(Intent.CATEGORY_OPENABLE)
                .setType(type)
                .putExtra(Intent.EXTRA_TITLE, name)
        try {
            place.launch(create)
        } catch (_: ActivityNotFoundException) {
            pending.take()
            say(R.string.platform_nothing_opens)
        }
    }

    /** Where a phone cannot print, the page goes to an app that can. */
    override fun print(
        name: String,
        page: String,
    ) {
        if (!printer.print(name, page)) share(name, "image/svg+xml", page.encodeToByteArray())
    }

    override fun secret(on: Boolean) {
        val flag = WindowManager.LayoutParams.FLAG_SECURE
        if (on) activity.window.addFlags(flag) else activity.window.clearFlags(flag)
    }

    // One alarm and one piece of work are for all subjects, not for the one whose screen asks: the library is asked anew.
    override fun remind(at: Instant?) = replan()

    override fun wakeAt(at: Instant?) = replan()

    override val notificationsAllowed: StateFlow<Boolean> = allowed.asStateFlow()

    override val languageChosen: String? get() = Language.chosen(activity)

    /** The person looks at the app again, perhaps back from the system's settings. */
    fun looked() {
        allowed.value = notify()
    }

    private fun notify() = NotificationManagerCompat.from(activity).areNotificationsEnabled()

    /** Whether the system says that the person has refused once, and may be asked once more. */
    private fun explains() =
        Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU && activity.shouldShowRequestPermissionRationale(NOTIFY)

    override fun openSettings(setting: DeviceSetting) {
        when (setting) {
            DeviceSetting.NOTIFICATIONS -> notifications()
            DeviceSetting.BATTERY -> open(Intent(Settings.ACTION_IGNORE_BATTERY_OPTIMIZATION_SETTINGS))
            DeviceSetting.DATE -> open(Intent(Settings.ACTION_DATE_SETTINGS))
            DeviceSetting.NETWORK -> open(Intent(Settings.ACTION_WIRELESS_SETTINGS))
        }
    }

    override fun language(tag: String?) {
        if (Language.choose(activity, tag)) activity.recreate()
    }

    /** The activity is not seen any more: what it changed of the display goes with its window, the rest here. */
    fun close() {
        signals.close()
        printer.close()
    }

    /** From Android 13 on the system asks, once or twice; afterwards only its settings help. */
    private fun notifications() {
        val asks = Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU
        if (asks && activity.checkSelfPermission(NOTIFY) != PackageManager.PERMISSION_GRANTED) {
            explained = explains()
            askToNotify.launch(NOTIFY)
        } else {
            open(notificationSettings())
        }
    }

    private fun notificationSettings() =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
            Intent(Settings.ACTION_APP_NOTIFICATION_SETTINGS).putExtra(Settings.EXTRA_APP_PACKAGE, activity.packageName)
        } else {
            Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", activity.packageName, null))
        }

    /** Opens a page, or the settings' first one where a maker has left it out. */
    private fun open(intent: Intent) {
        for (page in listOf(intent, Intent(Settings.ACTION_SETTINGS))) {
            try {
                return activity.startActivity(page)
            } catch (_: ActivityNotFoundException) {
                continue
            } catch (_: SecurityException) {
                // Some makers' pages are their own.
                continue
            }
        }
        say(R.string.platform_nothing_opens)
    }

    /** The place may be another app's, or across a network: it is written to beside the main thread, to its end. */
    private fun write(
        uri: Uri,
        bytes: ByteArray?,
    ) {
        val resolver = activity.contentResolver
        CoroutineScope(Dispatchers.Main).launch {
            val written =
                bytes != null &&
                    withContext(Dispatchers.IO) {
                        runCatching { resolver.openOutputStream(uri, "wt")?.use { it.write(bytes) } }.getOrNull() !=
                            null
                    }
            say(if (written) R.string.platform_saved else R.string.platform_save_failed)
        }
    }

    private fun say(text: Int) = Toast.makeText(activity, text, Toast.LENGTH_LONG).show()

    private companion object {
        const val NOTIFY = Manifest.permission.POST_NOTIFICATIONS
    }
}

/** What waits to be saved while the person chooses a place, in memory only: the end of the process ends it too. */
internal class Pending {
    private var bytes: ByteArray? = null

    fun put(bytes: ByteArray) {
        this.bytes = bytes
    }

    fun take(): ByteArray? = bytes.also { bytes = null }
}
