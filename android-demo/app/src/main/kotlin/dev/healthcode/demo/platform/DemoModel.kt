package dev.healthcode.demo.platform

import android.app.Application
import android.os.Bundle
import androidx.lifecycle.AndroidViewModel
import androidx.lifecycle.SavedStateHandle
import androidx.lifecycle.viewModelScope
import dev.healthcode.HealthcodeException
import dev.healthcode.Resident
import dev.healthcode.android.NoticesWorker
import dev.healthcode.android.Reminders
import dev.healthcode.android.SyncWorker
import dev.healthcode.demo.state.AppState
import dev.healthcode.demo.state.Openers
import dev.healthcode.demo.state.Opening
import dev.healthcode.demo.state.SavedState
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.collectLatest
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.emptyFlow
import kotlinx.coroutines.flow.flatMapLatest
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.merge
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * What outlives a rotation: the app's state with the open file. A few words of it outlive the process too, in Android's
 * saved state, which is no encrypted file: nothing about a person is among them.
 *
 * While the file is open, alarm and background work follow it: at each opening, and at each change.
 */
internal class DemoModel(
    application: Application,
    handle: SavedStateHandle,
) : AndroidViewModel(application) {
    private val saved = SavedState(handle.get<Bundle>(WORDS).orEmpty())
    private val again = MutableSharedFlow<Unit>(extraBufferCapacity = 1, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    val app = AppState(application as Openers, viewModelScope, saved)
    val pending = Pending()
    val lamp = Lamp()

    init {
        handle.setSavedStateProvider(WORDS) { Bundle().apply { saved.all().forEach(::putString) } }
        viewModelScope.launch { app.opening.collectLatest { if (it is Opening.Open) follow(it.session.resident) } }
    }

    /** Sets alarm and background work anew. */
    fun replan() {
        again.tryEmit(Unit)
    }

    @OptIn(kotlinx.coroutines.ExperimentalCoroutinesApi::class)
    private suspend fun follow(resident: Resident) {
        val context = getApplication<Application>()
        // An exchange that begins changes nothing of what is planned: planning anew would cancel the one in the background.
        val changes =
            app.seen
                .flatMapLatest { if (it) resident.homes() else emptyFlow() }
                .map { it.nextWake to it.subjects }
                .distinctUntilChanged()
                .map { }
        withContext(Dispatchers.Default) {
            NoticesWorker.daily(context)
            try {
                merge(changes, again).collectLatest {
                    Reminders.plan(context, resident)
                    SyncWorker.follow(context, resident.home())
                }
            } catch (_: HealthcodeException) {
                // The file was closed, or cannot be read: the screens say so, and the next opening begins anew.
            }
        }
    }

    // The system ends the process without calling this; then the file is closed by its end.
    override fun onCleared() {
        (app.opening.value as? Opening.Open)?.session?.resident?.close()
    }

    private companion object {
        const val WORDS = "words"

        fun Bundle?.orEmpty(): Map<String, String> =
            this
                ?.keySet()
                .orEmpty()
                .mapNotNull { key -> this?.getString(key)?.let { key to it } }
                .toMap()
    }
}
