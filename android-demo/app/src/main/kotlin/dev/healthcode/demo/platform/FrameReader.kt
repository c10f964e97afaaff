package dev.healthcode.demo.platform

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.ImageFormat
import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.media.ImageReader
import android.os.Handler
import android.os.HandlerThread
import android.util.Size
import android.view.Surface
import dev.healthcode.demo.scan.FrameDecoder
import kotlin.math.abs

/**
 * The camera on the back, from its opening to its [close]: its picture goes to a surface, and what its frames hold to
 * [read], as often as it is seen, on the camera's own thread. Frames that come while one is being read are dropped: the
 * newest is what a person holds into the picture. No frame is kept.
 *
 * @param failed called at most once, on the camera's thread: the camera is somebody else's, or broken
 */
internal class FrameReader(
    context: Context,
    private val read: (String) -> Unit,
    private val failed: () -> Unit,
) {
    private val manager = context.getSystemService(CameraManager::class.java)
    private val thread = HandlerThread("camera").apply { start() }
    private val handler = Handler(thread.looper)

    // All below is touched on the camera's thread alone.
    private var camera: CameraDevice? = null
    private var session: CameraCaptureSession? = null
    private var frames: ImageReader? = null
    private var surface: Surface? = null
    private var torch = false
    private var over = false
    private var awaited = false
    private var closed = false
    private var luma = ByteArray(0)

    /** Opens the camera, whose picture goes to [texture]; [known] is told how large it is, on the camera's thread. */
    fun open(
        texture: SurfaceTexture,
        known: (Size) -> Unit,
    ) {
        handler.post { guarded { begin(texture, known) } }
    }

    /** Lights the torch, or puts it out. */
    fun torch(on: Boolean) {
        handler.post {
            torch = on
            guarded { repeat() }
        }
    }

    /** Gives the camera back. */
    fun close() {
        handler.post {
            over = true
            closed = true
            session?.close()
            camera?.close()
            frames?.close()
            surface?.release()
            // A camera that is being opened is given back once it is open: the thread is there until then.
            if (!awaited) thread.quitSafely()
        }
    }

    @SuppressLint("MissingPermission")
    private fun begin(
        texture: SurfaceTexture,
        known: (Size) -> Unit,
    ) {
        val id = manager?.back()
        val size = id?.let { manager.frame(it) }
        if (over || size == null) return fail()
        texture.setDefaultBufferSize(size.width, size.height)
        surface = Surface(texture)
        frames =
            ImageReader.newInstance(size.width, size.height, ImageFormat.YUV_420_888, 2).apply {
                setOnImageAvailableListener({ decode(it) }, handler)
            }
        known(size)
        awaited = true
        try {
            manager.openCamera(id, opening, handler)
        } catch (error: Exception) {
            awaited = false
            throw error
        }
    }

    private val opening =
        object : CameraDevice.StateCallback() {
            override fun onOpened(device: CameraDevice) {
                if (came(device)) return
                camera = device
                guarded {
                    @Suppress("DEPRECATION")
                    device.createCaptureSession(targets(), running, handler)
                }
            }

            override fun onDisconnected(device: CameraDevice) = lost(device)

            override fun onError(
                device: CameraDevice,
                error: Int,
            ) = lost(device)

            /** Whether nobody wants it any more. */
            private fun came(device: CameraDevice): Boolean {
                awaited = false
                if (over) device.close()
                if (closed) thread.quitSafely()
                return over
            }

            private fun lost(device: CameraDevice) {
                if (came(device)) return
                device.close()
                camera = null
                fail()
            }
        }

    private val running =
        object : CameraCaptureSession.StateCallback() {
            override fun onConfigured(configured: CameraCaptureSession) {
                session = configured
                guarded { repeat() }
            }

            override fun onConfigureFailed(configured: CameraCaptureSession) = fail()
        }

    private fun targets() = listOfNotNull(surface, frames?.surface)

    private fun repeat() {
        val device = camera ?: return
        val request = device.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW)
        targets().forEach(request::addTarget)
        request.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE)
        val flash = if (torch) CaptureRequest.FLASH_MODE_TORCH else CaptureRequest.FLASH_MODE_OFF
        request.set(CaptureRequest.FLASH_MODE, flash)
        session?.setRepeatingRequest(request.build(), null, handler)
    }

    private fun decode(reader: ImageReader) {
        val image = reader.acquireLatestImage() ?: return
        image
            .use {
                val plane = it.planes.first()
                val buffer = plane.buffer
                if (luma.size != buffer.remaining()) luma = ByteArray(buffer.remaining())
                buffer.get(luma)
                FrameDecoder.decode(luma, it.width, it.height, plane.rowStride)
            }?.let { if (!over) read(it) }
    }

    private fun fail() {
        if (over) return
        over = true
        failed()
    }

    /** The camera goes away whenever somebody else wants it, and every call says so in its own way. */
    private inline fun guarded(call: () -> Unit) {
        try {
            call()
        } catch (_: CameraAccessException) {
            fail()
        } catch (_: SecurityException) {
            fail()
        } catch (_: IllegalStateException) {
            fail()
        } catch (_: IllegalArgumentException) {
            fail()
        }
    }

    private fun CameraManager.back(): String? {
        val facing = { id: String -> getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING) }
        return cameraIdList.firstOrNull { facing(it) == CameraCharacteristics.LENS_FACING_BACK }
            ?: cameraIdList.firstOrNull()
    }

    /** Large enough for a code of 65 modules at arm's length, small enough for a cheap phone to read in time. */
    private fun CameraManager.frame(id: String): Size? {
        val map = getCameraCharacteristics(id).get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP)
        val sizes = map?.getOutputSizes(ImageFormat.YUV_420_888).orEmpty()
        return sizes.minByOrNull { abs(it.width * it.height - WANTED) }
    }

    private companion object {
        const val WANTED = 1280 * 720
    }
}
