package dev.healthcode.demo.platform

import android.Manifest
import android.content.Context
import android.content.Intent
import android.content.pm.PackageManager
import android.graphics.Matrix
import android.graphics.RectF
import android.graphics.SurfaceTexture
import android.net.Uri
import android.os.Handler
import android.os.Looper
import android.provider.Settings
import android.util.Size
import android.view.Surface
import android.view.TextureView
import androidx.activity.compose.rememberLauncherForActivityResult
import androidx.activity.result.contract.ActivityResultContracts.RequestPermission
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.padding
import androidx.compose.material3.Button
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.key
import androidx.compose.runtime.mutableIntStateOf
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberUpdatedState
import androidx.compose.runtime.setValue
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.stringResource
import androidx.compose.ui.semantics.contentDescription
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.text.style.TextAlign
import androidx.compose.ui.unit.dp
import androidx.compose.ui.viewinterop.AndroidView
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.compose.LifecycleEventEffect
import dev.healthcode.demo.R
import kotlin.math.max

/**
 * The camera's picture, with each text that is read from it; or, in its place, what keeps it from being seen and what can
 * be done about it. The camera is held only while the app is seen.
 */
@Composable
internal fun CameraPicture(
    modifier: Modifier,
    torch: Boolean,
    lamp: Lamp,
    read: (String) -> Unit,
) {
    val context = LocalContext.current
    var allowed by remember { mutableStateOf(context.allows()) }
    var seen by remember { mutableStateOf(true) }
    var failed by remember { mutableStateOf(false) }
    var tries by remember { mutableIntStateOf(0) }
    LifecycleEventEffect(Lifecycle.Event.ON_START) {
        allowed = context.allows()
        seen = true
    }
    LifecycleEventEffect(Lifecycle.Event.ON_STOP) { seen = false }
    Box(modifier) {
        when {
            !context.packageManager.hasSystemFeature(PackageManager.FEATURE_CAMERA_ANY) -> {
                InItsPlace(R.string.platform_camera_none)
            }

            !allowed -> {
                Ask { allowed = it }
            }

            failed -> {
                InItsPlace(R.string.platform_camera_failed, R.string.platform_camera_again) {
                    failed = false
                    tries += 1
                }
            }

            seen -> {
                key(tries) { Picture(torch, lamp, read) { failed = true } }
            }
        }
    }
}

@Composable
private fun Ask(answered: (Boolean) -> Unit) {
    val context = LocalContext.current
    var refused by remember { mutableStateOf(false) }
    val ask =
        rememberLauncherForActivityResult(RequestPermission()) {
            refused = !it
            answered(it)
        }
    // Once refused for good, the system answers at once and shows nothing.
    if (refused) {
        InItsPlace(R.string.platform_camera_ask, R.string.platform_camera_settings) {
            val page = Uri.fromParts("package", context.packageName, null)
            runCatching { context.startActivity(Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, page)) }
        }
    } else {
        InItsPlace(
            R.string.platform_camera_ask,
            R.string.platform_camera_allow,
        ) { ask.launch(Manifest.permission.CAMERA) }
    }
}

@Composable
private fun InItsPlace(
    words: Int,
    action: Int? = null,
    act: () -> Unit = {},
) {
    Box(Modifier.fillMaxSize().background(MaterialTheme.colorScheme.surface), Alignment.Center) {
        Column(Modifier.padding(24.dp), Arrangement.spacedBy(16.dp), Alignment.CenterHorizontally) {
            Text(stringResource(words), color = MaterialTheme.colorScheme.onSurface, textAlign = TextAlign.Center)
            if (action != null) Button(act) { Text(stringResource(action)) }
        }
    }
}

@Composable
private fun Picture(
    torch: Boolean,
    lamp: Lamp,
    read: (String) -> Unit,
    failed: () -> Unit,
) {
    val context = LocalContext.current
    val main = remember { Handler(Looper.getMainLooper()) }
    val onRead by rememberUpdatedState(read)
    val onFailed by rememberUpdatedState(failed)
    val lit by lamp.on.collectAsState()
    val reader =
        remember {
            FrameReader(
                context.applicationContext,
                { text -> main.post { onRead(text) } },
                { main.post { onFailed() } },
            )
        }
    LaunchedEffect(torch, lit) { reader.torch(torch || lit) }
    DisposableEffect(reader) {
        onDispose {
            reader.close()
            // What was read before is not for whoever comes after.
            main.removeCallbacksAndMessages(null)
        }
    }
    val description = stringResource(R.string.platform_camera_view)
    AndroidView(
        factory = { TextureView(it).apply { surfaceTextureListener = Opener(this, reader) } },
        modifier = Modifier.fillMaxSize().semantics { contentDescription = description },
    )
}

/** Opens the camera when there is something to draw on, and keeps its picture upright and unstretched. */
private class Opener(
    private val view: TextureView,
    private val reader: FrameReader,
) : TextureView.SurfaceTextureListener {
    private var size: Size? = null

    override fun onSurfaceTextureAvailable(
        texture: SurfaceTexture,
        width: Int,
        height: Int,
    ) {
        reader.open(texture) { known ->
            view.post {
                size = known
                fill()
            }
        }
    }

    override fun onSurfaceTextureSizeChanged(
        texture: SurfaceTexture,
        width: Int,
        height: Int,
    ) = fill()

    // The reader lets go of it by itself, and may be drawing on it now.
    override fun onSurfaceTextureDestroyed(texture: SurfaceTexture) = true

    override fun onSurfaceTextureUpdated(texture: SurfaceTexture) = Unit

    private fun fill() {
        view.setTransform(
            filling(size ?: return, view.width, view.height, view.display?.rotation ?: Surface.ROTATION_0),
        )
    }
}

/**
 * What makes a picture of [size], as the sensor has it, fill a view of [width] and [height] without stretching it. The view
 * has drawn it into its own shape already, upright for a phone that is held upright; [rotation] is the display's.
 */
internal fun filling(
    size: Size,
    width: Int,
    height: Int,
    rotation: Int,
): Matrix {
    val matrix = Matrix()
    if (width == 0 || height == 0) return matrix
    val (centreX, centreY) = width / 2f to height / 2f
    val lying = rotation == Surface.ROTATION_90 || rotation == Surface.ROTATION_270
    // Upright, the sensor's width is the picture's height.
    val picture = RectF(0f, 0f, size.height.toFloat(), size.width.toFloat())
    val across = if (lying) size.width else size.height
    val down = if (lying) size.height else size.width
    val scale = max(width / across.toFloat(), height / down.toFloat())
    matrix.postScale(picture.width() * scale / width, picture.height() * scale / height, centreX, centreY)
    when (rotation) {
        Surface.ROTATION_90 -> matrix.postRotate(-90f, centreX, centreY)
        Surface.ROTATION_180 -> matrix.postRotate(180f, centreX, centreY)
        Surface.ROTATION_270 -> matrix.postRotate(90f, centreX, centreY)
    }
    return matrix
}

private fun Context.allows() = checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED
