package dev.healthcode.demo.ui.settings

import androidx.compose.material3.Text
import androidx.compose.runtime.Composable
import androidx.compose.runtime.collectAsState
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.remember
import androidx.compose.runtime.saveable.rememberSaveable
import androidx.compose.runtime.setValue
import dev.healthcode.SubjectCard
import dev.healthcode.demo.state.Device
import dev.healthcode.demo.state.DeviceSetting
import dev.healthcode.demo.state.Place
import dev.healthcode.demo.state.Remedy
import dev.healthcode.demo.state.Screen
import dev.healthcode.demo.state.Session
import dev.healthcode.demo.state.SettingsState
import dev.healthcode.demo.state.SettingsView
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.of
import dev.healthcode.demo.ui.parts.Action
import dev.healthcode.demo.ui.parts.Actions
import dev.healthcode.demo.ui.parts.Confirm
import dev.healthcode.demo.ui.parts.Heading
import dev.healthcode.demo.ui.parts.Page
import dev.healthcode.demo.ui.parts.Panel
import dev.healthcode.demo.ui.parts.RadioLine
import dev.healthcode.demo.ui.parts.RegionField
import dev.healthcode.demo.ui.parts.Small
import dev.healthcode.demo.ui.parts.TroubleNotice

/** Language, reminders, the guard's side, and what the person may do with everything that is stored. */
@Composable
internal fun SettingsScreen(
    state: SettingsState,
    session: Session,
    device: Device,
    texts: Texts,
    remedies: (Remedy) -> (() -> Unit)?,
    bottomBar: @Composable () -> Unit,
) {
    val view by state.view.collectAsState()
    val home by session.home.collectAsState()
    val people = home?.subjects.orEmpty()
    Page(texts[T.SETTINGS_TITLE], texts, null, bottomBar) {
        view.trouble?.let { TroubleNotice(it, texts, remedies) }
        Language(device, texts)
        Reminders(device, texts)
        Region(state, view, home?.region.orEmpty(), texts)
        Panel {
            Heading(texts[T.SETTINGS_GATE])
            Small(texts[T.SETTINGS_GATE_ABOUT])
            Actions(listOf(Action(texts[T.SETTINGS_GATE_OPEN]) { session.app.go(Screen(Place.GATE)) }))
        }
        Panel {
            Heading(texts[T.SETTINGS_EXPORT])
            Small(texts[T.SETTINGS_EXPORT_ABOUT])
            val name = texts[T.SETTINGS_EXPORT_NAME]
            Actions(
                listOf(
                    Action(
                        texts[T.SETTINGS_EXPORT_SHARE],
                        !view.busy,
                    ) { state.export { device.share(name, JSON, it) } },
                    Action(texts[T.SETTINGS_EXPORT_SAVE], !view.busy) { state.export { device.save(name, JSON, it) } },
                ),
            )
        }
        Erase(state, people, !view.busy, texts)
    }
}

@Composable
private fun Language(
    device: Device,
    texts: Texts,
) = Panel {
    Heading(texts[T.SETTINGS_LANGUAGE])
    // Each language by its own name: who cannot read this one finds the other.
    // From Android 13 on the screen stays as it is where the language does not change.
    var chosen by remember { mutableStateOf(device.languageChosen) }
    val choices = listOf("zh-CN" to "简体中文", "en" to "English", null to texts[T.SETTINGS_LANGUAGE_PHONE])
    for ((tag, word) in choices) {
        RadioLine(word, if (tag == null) chosen == null else chosen?.startsWith(tag.take(2)) == true) {
            chosen = tag
            device.language(tag)
        }
    }
}

/** Where the phone is, for whoever is known to several authorities. */
@Composable
private fun Region(
    state: SettingsState,
    view: SettingsView,
    kept: String,
    texts: Texts,
) = Panel {
    val region = view.region ?: kept
    val problem = view.regionProblem?.let(texts::of)
    RegionField(texts[T.SETTINGS_REGION], region, texts, state::type, problem, !view.busy)
    Small(texts[T.SETTINGS_REGION_ABOUT])
    val keep = Action(texts[T.SETTINGS_REGION_KEEP], !view.busy && region.trim() != kept) { state.keepRegion() }
    Actions(listOf(keep), first = false)
}

@Composable
private fun Reminders(
    device: Device,
    texts: Texts,
) = Panel {
    Heading(texts[T.SETTINGS_REMINDERS])
    val allowed by device.notificationsAllowed.collectAsState()
    Text(texts[if (allowed) T.SETTINGS_REMINDERS_ON else T.SETTINGS_REMINDERS_OFF])
    Small(texts[T.SETTINGS_BATTERY_ABOUT])
    Actions(
        listOf(
            Action(texts[T.SETTINGS_NOTIFICATIONS]) { device.openSettings(DeviceSetting.NOTIFICATIONS) },
            Action(texts[T.SETTINGS_BATTERY]) { device.openSettings(DeviceSetting.BATTERY) },
        ),
        first = false,
    )
}

/** Erasing is asked for twice, and says what it does and what it does not. */
@Composable
private fun Erase(
    state: SettingsState,
    people: List<SubjectCard>,
    enabled: Boolean,
    texts: Texts,
) {
    // An id, or ALL: the question survives a rotation.
    var asked by rememberSaveable { mutableStateOf<String?>(null) }
    Panel {
        Heading(texts[T.SETTINGS_ERASE])
        Small(texts[T.SETTINGS_ERASE_ABOUT])
        val one =
            people.takeIf { it.size > 1 }.orEmpty().map { person ->
                Action(texts[T.SETTINGS_ERASE_ONE, person.maskedName], enabled) { asked = person.subject }
            }
        Actions(one + Action(texts[T.SETTINGS_ERASE_ALL], enabled) { asked = ALL }, first = false)
    }
    val subject = asked ?: return
    Confirm(texts[T.SETTINGS_ERASE_ASK], texts[T.ERASE_FILE_YES], texts) { yes ->
        asked = null
        when {
            !yes -> Unit
            subject == ALL -> state.eraseEverything()
            else -> state.erase(subject)
        }
    }
}

private const val JSON = "application/json"
private const val ALL = "*"
