package dev.healthcode.demo

import android.content.Context
import android.os.Bundle
import androidx.activity.ComponentActivity
import androidx.activity.compose.BackHandler
import androidx.activity.compose.setContent
import androidx.activity.enableEdgeToEdge
import androidx.activity.viewModels
import androidx.compose.foundation.background
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.safeDrawingPadding
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.remember
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalContext
import androidx.compose.ui.res.colorResource
import dev.healthcode.demo.platform.AndroidDevice
import dev.healthcode.demo.platform.AndroidTexts
import dev.healthcode.demo.platform.CameraPicture
import dev.healthcode.demo.platform.DemoModel
import dev.healthcode.demo.platform.Language
import dev.healthcode.demo.ui.HealthCodeApp

/** The one activity: it gives the screens the phone, the words and the camera, and knows nothing of what they show. */
class MainActivity : ComponentActivity() {
    private val model: DemoModel by viewModels()
    private lateinit var device: AndroidDevice

    override fun attachBaseContext(base: Context) = super.attachBaseContext(Language.applied(base))

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        enableEdgeToEdge()
        device = AndroidDevice(this, model.pending, model.lamp, model::replan)
        setContent {
            val stack by model.app.stack.collectAsState()
            val context = LocalContext.current
            val texts = remember(context) { AndroidTexts(context) }
            BackHandler(stack.size > 1) { model.app.back() }
            Box(Modifier.fillMaxSize().background(colorResource(R.color.window)).safeDrawingPadding()) {
                HealthCodeApp(model.app, device, texts, { modifier, torch, read ->
                    CameraPicture(modifier, torch, model.lamp, read)
                })
            }
        }
    }

    override fun onStart() {
        super.onStart()
        model.app.seen(true)
    }

    override fun onResume() {
        super.onResume()
        device.looked()
    }

    override fun onStop() {
        model.app.seen(false)
        super.onStop()
    }

    override fun onDestroy() {
        device.close()
        super.onDestroy()
    }
}
