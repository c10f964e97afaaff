package dev.healthcode.demo.ui.parts

import androidx.compose.foundation.layout.Arrangement
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.ColumnScope
import androidx.compose.foundation.layout.fillMaxSize
import androidx.compose.foundation.layout.fillMaxWidth
import androidx.compose.foundation.layout.padding
import androidx.compose.foundation.layout.widthIn
import androidx.compose.foundation.rememberScrollState
import androidx.compose.foundation.verticalScroll
import androidx.compose.material3.ExperimentalMaterial3Api
import androidx.compose.material3.Icon
import androidx.compose.material3.IconButton
import androidx.compose.material3.MaterialTheme
import androidx.compose.material3.Scaffold
import androidx.compose.material3.Text
import androidx.compose.material3.TopAppBar
import androidx.compose.material3.TopAppBarDefaults
import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.runtime.compositionLocalOf
import androidx.compose.ui.Alignment
import androidx.compose.ui.Modifier
import androidx.compose.ui.platform.LocalDensity
import androidx.compose.ui.semantics.heading
import androidx.compose.ui.semantics.semantics
import androidx.compose.ui.unit.Density
import androidx.compose.ui.unit.dp
import androidx.compose.ui.unit.sp
import dev.healthcode.demo.ui.T
import dev.healthcode.demo.ui.Texts
import dev.healthcode.demo.ui.code.OneLine

/** Whose data a screen shows, said below its title: a phone may have several people. Null where it is nobody's. */
val LocalWho = compositionLocalOf<String?> { null }

/** A screen that scrolls: its title, a way back, and its content in one column that stays readable on a wide display. */
@Composable
fun Page(
    title: String,
    texts: Texts,
    onBack: (() -> Unit)?,
    bottomBar: @Composable () -> Unit = {},
    content: @Composable ColumnScope.() -> Unit,
) {
    Scaffold(topBar = { PageBar(title, texts, onBack) }, bottomBar = bottomBar) { padding ->
        Box(Modifier.padding(padding).fillMaxSize(), Alignment.TopCenter) {
            Column(
                Modifier
                    .widthIn(max = 600.dp)
                    .fillMaxWidth()
                    .verticalScroll(rememberScrollState())
                    .padding(start = 16.dp, end = 16.dp, top = 4.dp, bottom = 24.dp),
                Arrangement.spacedBy(12.dp),
            ) {
                LocalWho.current?.let { Small(it) }
                content()
            }
        }
    }
}

/** Letters that grow with the person's setting, and not beyond the room that a bar has: what it says stands below too. */
@Composable
fun Bounded(content: @Composable () -> Unit) {
    val density = LocalDensity.current
    CompositionLocalProvider(
        LocalDensity provides Density(density.density, minOf(density.fontScale, LARGEST)),
        content = content,
    )
}

private const val LARGEST = 1.3f

/** A screen's title and the way back. */
@OptIn(ExperimentalMaterial3Api::class)
@Composable
fun PageBar(
    title: String,
    texts: Texts,
    onBack: (() -> Unit)?,
) {
    TopAppBar(
        title = {
            Bounded { OneLine(title, largest = 22.sp, modifier = Modifier.semantics { heading() }) }
        },
        navigationIcon = {
            if (onBack != null) IconButton(onBack) { Icon(Icons.back, texts[T.BACK]) }
        },
        colors = TopAppBarDefaults.topAppBarColors(containerColor = MaterialTheme.colorScheme.background),
    )
}
