package dev.healthcode.demo.platform

import android.app.Application
import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.content.Context
import android.content.Intent
import android.content.pm.ApplicationInfo
import android.content.res.Resources
import android.os.Build
import androidx.core.app.NotificationCompat
import androidx.work.Configuration
import dev.healthcode.Checkpoint
import dev.healthcode.Config
import dev.healthcode.Lane
import dev.healthcode.LogLevel
import dev.healthcode.Ports
import dev.healthcode.Resident
import dev.healthcode.android.BootCountClock
import dev.healthcode.android.HealthcodeHost
import dev.healthcode.android.KeystoreVault
import dev.healthcode.android.LogcatSink
import dev.healthcode.demo.MainActivity
import dev.healthcode.demo.R
import dev.healthcode.demo.state.Openers
import java.io.File
import java.time.Instant

/**
 * The process: it knows where the files lie, which server they belong to and which ports they are opened with, for the
 * screens and for work in the background alike.
 */
open class DemoApplication :
    Application(),
    HealthcodeHost,
    Openers,
    Configuration.Provider {
    /** What the library is opened with. */
    protected open val ports: Ports by lazy {
        val least = if (debuggable) LogLevel.INFO else LogLevel.WARNING
        Ports(KeystoreVault(this), BootCountClock(this), LogcatSink(least = least))
    }

    /** Which authority the app was built for. */
    protected open val authority: Authority by lazy { Authority.of(resources) }

    private val debuggable get() = applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE != 0

    override val workManagerConfiguration get() = Configuration.Builder().build()

    override fun attachBaseContext(base: Context) = super.attachBaseContext(Language.applied(base))

    override suspend fun resident(): Resident = Resident.open(config("healthcode.db"), ports)

    override suspend fun openResident(): Resident = resident()

    override suspend fun checkpoint(lane: Lane): Checkpoint = Checkpoint.open(config("gate.db"), ports, lane)

    override suspend fun eraseResident(): Unit = Resident.eraseDatabase(config("healthcode.db"), ports)

    override suspend fun eraseCheckpoint(): Unit = Resident.eraseDatabase(config("gate.db"), ports)

    override fun reminder(): Notification {
        val open =
            PendingIntent.getActivity(
                this,
                0,
                Intent(this, MainActivity::class.java),
                PendingIntent.FLAG_IMMUTABLE,
            )
        val words = Language.applied(this)
        makeChannel(words)

        fun notice(title: Int) =
            NotificationCompat
                .Builder(this, CHANNEL)
                .setSmallIcon(R.drawable.ic_notification)
                .setContentTitle(words.getString(title))
                .setContentIntent(open)
                .setCategory(NotificationCompat.CATEGORY_REMINDER)
                .setPriority(NotificationCompat.PRIORITY_HIGH)
                .setAutoCancel(true)
        // A locked phone shows that there is something to do; that it is a quarantine is nobody else's business.
        return notice(R.string.platform_reminder_title)
            .setContentText(words.getString(R.string.platform_reminder_text))
            .setVisibility(NotificationCompat.VISIBILITY_PRIVATE)
            .setPublicVersion(notice(R.string.platform_reminder_public).build())
            .build()
    }

    private fun makeChannel(words: Context) {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.O) return
        val name = words.getString(R.string.platform_reminder_channel)
        val channel = NotificationChannel(CHANNEL, name, NotificationManager.IMPORTANCE_HIGH)
        channel.lockscreenVisibility = Notification.VISIBILITY_PRIVATE
        channel.setShowBadge(false)
        getSystemService(NotificationManager::class.java)?.createNotificationChannel(channel)
    }

    private fun config(file: String) =
        Config(
            // A folder that no backup takes.
            database = File(noBackupFilesDir, file).path,
            server = authority.server,
            issuer = authority.issuer,
            rootKeys = authority.rootKeys,
            builtAt = authority.builtAt,
            // The developer's machine, as the emulator sees it; what a release build reaches has TLS.
            cleartextHosts = if (debuggable) listOf("10.0.2.2") else emptyList(),
        )

    private companion object {
        const val CHANNEL = "check-in"
    }
}

/**
 * The authority that an app is built for.
 *
 * @property rootKeys its root keys; none where the build was not told any, and then the library opens nothing
 * @property builtAt when the app was built
 */
class Authority(
    val server: String,
    val issuer: String,
    val rootKeys: List<ByteArray>,
    val builtAt: Instant,
) {
    /** Where it comes from. */
    companion object {
        /** The authority that Gradle wrote into the resources. */
        fun of(resources: Resources): Authority =
            Authority(
                server = resources.getString(R.string.healthcode_server),
                issuer = resources.getString(R.string.healthcode_issuer),
                // Without a key, or with what is none, the library says so when it is opened.
                rootKeys = listOfNotNull(bytes(resources.getString(R.string.healthcode_root_key))),
                builtAt = Instant.parse(resources.getString(R.string.healthcode_built_at)),
            )

        /** The bytes of pairs of hexadecimal digits; null for none, and for a text that is something else. */
        fun bytes(hex: String): ByteArray? {
            val bytes = hex.trim().chunked(2).map { it.toIntOrNull(16)?.toByte() }
            return if (bytes.isEmpty() || null in bytes) null else bytes.filterNotNull().toByteArray()
        }
    }
}
