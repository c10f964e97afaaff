package dev.healthcode.demo

import android.app.Activity
import android.content.Intent
import android.database.Cursor
import android.net.Uri
import android.os.VibratorManager
import android.provider.OpenableColumns
import android.provider.Settings
import android.view.WindowManager
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_FULL
import android.view.WindowManager.LayoutParams.BRIGHTNESS_OVERRIDE_NONE
import androidx.activity.ComponentActivity
import androidx.core.content.IntentCompat
import dev.healthcode.demo.platform.AndroidDevice
import dev.healthcode.demo.platform.Lamp
import dev.healthcode.demo.platform.PagePrinter
import dev.healthcode.demo.platform.Pending
import dev.healthcode.demo.platform.SharedBytes
import dev.healthcode.demo.platform.Tones
import dev.healthcode.demo.platform.filling
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Signal
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowToast
import java.io.ByteArrayOutputStream
import java.io.FileNotFoundException
import java.util.function.Supplier

/** What the screens ask of the phone, as Android hears it. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [34], application = android.app.Application::class)
internal class DeviceTest {
    private val controller = Robolectric.buildActivity(ComponentActivity::class.java)
    private val activity = controller.get()
    private lateinit var device: AndroidDevice
    private var replanned = 0

    @Before
    fun begin() {
        // The provider stands in the manifest under the name of the demo.
        Robolectric.buildContentProvider(SharedBytes::class.java).create("${activity.packageName}.shared")
        controller.create()
        device = AndroidDevice(activity, Pending(), Lamp()) { replanned += 1 }
        controller.start().resume()
    }

    @Test
    fun `the display is bright while it is asked to be, and itself again after`() {
        device.bright(true)
        assertEquals(BRIGHTNESS_OVERRIDE_FULL, activity.window.attributes.screenBrightness)
        device.bright(false)
        assertEquals(BRIGHTNESS_OVERRIDE_NONE, activity.window.attributes.screenBrightness)
    }

    @Test
    fun `the display stays awake while it is asked to`() {
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        device.awake(true)
        assertEquals(flag, activity.window.attributes.flags and flag)
        device.awake(false)
        assertEquals(0, activity.window.attributes.flags and flag)
    }

    @Test
    fun `a secret is in no screenshot, and what comes after it is`() {
        val flag = WindowManager.LayoutParams.FLAG_SECURE
        assertEquals(0, activity.window.attributes.flags and flag)
        device.secret(true)
        assertEquals(flag, activity.window.attributes.flags and flag)
        device.secret(false)
        assertEquals(0, activity.window.attributes.flags and flag)
    }

    @Test
    fun `a page is drawn for the printer without scripts, files or a network`() {
        val printer = PagePrinter(activity)
        assertTrue(printer.print("paper-code.svg", "<?xml version=\"1.0\"?><svg>card</svg>"))
        val view = checkNotNull(printer.drawing)
        val page = shadowOf(view).lastLoadDataWithBaseURL.data
        assertTrue(page, "<body><svg>card</svg></body>" in page && "@page{size:A4" in page)
        view.settings.run { assertTrue(blockNetworkLoads && !javaScriptEnabled && !allowFileAccess) }
        printer.close()
        assertEquals(null, printer.drawing)
    }

    @Test
    fun `what is shared is read by whom it is granted to, out of memory, until the next one`() {
        device.share("proof.json", "application/json", "{}".toByteArray())
        val chooser = shadowOf(activity).nextStartedActivity
        assertEquals(Intent.ACTION_CHOOSER, chooser.action)
        val send = checkNotNull(IntentCompat.getParcelableExtra(chooser, Intent.EXTRA_INTENT, Intent::class.java))
        assertEquals(Intent.FLAG_GRANT_READ_URI_PERMISSION, send.flags and Intent.FLAG_GRANT_READ_URI_PERMISSION)
        val uri = checkNotNull(IntentCompat.getParcelableExtra(send, Intent.EXTRA_STREAM, Uri::class.java))
        assertEquals(uri, checkNotNull(send.clipData).getItemAt(0).uri)
        val resolver = activity.contentResolver
        assertEquals("application/json", resolver.getType(uri))
        // Robolectric's pipe is a file: who reads before the other thread has written finds its end.
        val read = { checkNotNull(resolver.openInputStream(uri)).use { it.readBytes() } }
        var seen = ByteArray(0)
        Seen.await("what is shared") {
            seen = read()
            seen.isNotEmpty()
        }
        assertArrayEquals("{}".toByteArray(), seen)
        val named = resolver.query(uri, null, null, null, null)?.use(::row)
        assertEquals(listOf("proof.json", "2"), named)
        device.share("other.json", "application/json", "[]".toByteArray())
        assertThrows(FileNotFoundException::class.java) { resolver.openInputStream(uri) }
        assertThrows(FileNotFoundException::class.java) { resolver.openFileDescriptor(uri, "w") }
    }

    private fun row(cursor: Cursor): List<String?> {
        cursor.moveToFirst()
        return listOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE).map {
            cursor.getString(cursor.getColumnIndexOrThrow(it))
        }
    }

    @Test
    fun `what is saved goes where the person wants it`() {
        val written = ByteArrayOutputStream()
        val place = Uri.parse("content://documents/export.json")
        shadowOf(activity.contentResolver).registerOutputStreamSupplier(place, Supplier { written })
        device.save("export.json", "application/json", "{}".toByteArray())
        answer(Intent().setData(place))
        said(R.string.platform_saved)
        assertEquals("{}", "$written")
    }

    @Test
    fun `a place that cannot be written to is said, and none is no fault`() {
        device.save("export.json", "application/json", "{}".toByteArray())
        answer(Intent().setData(Uri.parse("content://nobody/there")))
        said(R.string.platform_save_failed)
        ShadowToast.reset()
        device.save("export.json", "application/json", "{}".toByteArray())
        answer(null)
        assertEquals(0, ShadowToast.shownToastCount())
    }

    /** It is written on another thread, and said on the main one. */
    private fun said(text: Int) {
        val wanted = activity.getString(text)
        Seen.await(wanted) { ShadowToast.getTextOfLatestToast() == wanted }
    }

    private fun answer(data: Intent?) {
        val asked = shadowOf(activity).nextStartedActivityForResult
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, asked.intent.action)
        val result = if (data == null) Activity.RESULT_CANCELED else Activity.RESULT_OK
        shadowOf(activity).receiveResult(asked.intent, result, data)
    }

    @Test
    fun `each setting is a page of the phone's`() {
        val pages =
            mapOf(
                DeviceSetting.BATTERY to Settings.ACTION_IGNORE_BATTERY_OPTIMIZATION_SETTINGS,
                DeviceSetting.DATE to Settings.ACTION_DATE_SETTINGS,
                DeviceSetting.NETWORK to Settings.ACTION_WIRELESS_SETTINGS,
            )
        for ((setting, page) in pages) {
            device.openSettings(setting)
            assertEquals(page, shadowOf(activity).nextStartedActivity.action)
        }
    }

    @Test
    fun `where nothing opens at all it is said`() {
        shadowOf(activity.application).checkActivities(true)
        device.openSettings(DeviceSetting.BATTERY)
        assertEquals(activity.getString(R.string.platform_nothing_opens), ShadowToast.getTextOfLatestToast())
    }

    @Test
    fun `notifications are asked for first`() {
        device.openSettings(DeviceSetting.NOTIFICATIONS)
        val asked = shadowOf(activity).lastRequestedPermission.requestedPermissions.toList()
        assertEquals(listOf("android.permission.POST_NOTIFICATIONS"), asked)
    }

    @Test
    fun `signals are told apart by ear and by hand`() {
        val sounds = Signal.entries.map { Tones.samples(it) }
        assertTrue(sounds.all { it.size in Tones.RATE / 10..Tones.RATE })
        assertEquals("each its own length", sounds.size, sounds.map { it.size }.toSet().size)
        assertTrue("no click at the edges", sounds.all { it.first().toInt() == 0 && it.last().toInt() == 0 })
        val vibrator = checkNotNull(activity.getSystemService(VibratorManager::class.java)).defaultVibrator
        for (signal in Signal.entries) {
            device.signal(signal)
            assertArrayEquals(Tones.vibration(signal), shadowOf(vibrator).pattern)
        }
        assertEquals(
            Signal.entries.size,
            Signal.entries
                .map { Tones.vibration(it).toList() }
                .toSet()
                .size,
        )
    }

    @Test
    fun `reminders and wakes are planned for all subjects together`() {
        device.remind(null)
        device.wakeAt(null)
        assertEquals(2, replanned)
    }

    @Test
    fun `the camera's picture fills its place and is never stretched`() {
        val size = android.util.Size(1280, 720)
        for ((width, height) in listOf(720 to 1560, 1560 to 720, 720 to 716)) {
            for (rotation in 0..3) {
                val values = FloatArray(9).also { filling(size, width, height, rotation).getValues(it) }
                // Where a step of one pixel of the sensor's picture lands, along both of its sides.
                val lying = rotation % 2 == 1
                val across =
                    if (lying) {
                        kotlin.math.abs(values[3]) * width / 720
                    } else {
                        kotlin.math.abs(values[0]) * width /
                            720
                    }
                val down =
                    if (lying) {
                        kotlin.math.abs(values[1]) * height / 1280
                    } else {
                        kotlin.math.abs(values[4]) *
                            height /
                            1280
                    }
                assertEquals("$width x $height, $rotation", 1f, across / down, 0.01f)
            }
        }
    }
}
