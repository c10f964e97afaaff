package dev.healthcode.demo.platform

import android.app.LocaleManager
import android.content.Context
import android.content.res.Configuration
import android.os.Build
import android.os.LocaleList
import java.util.Locale

/**
 * The app's own language. From Android 13 on the system keeps it, and shows it in its settings; before, the app does, and
 * lays it over each context.
 */
internal object Language {
    private const val FILE = "language"
    private const val TAG = "tag"

    /** Chooses a language by its BCP 47 tag, or the phone's with null; true where the activity must be made anew. */
    fun choose(
        context: Context,
        tag: String?,
    ): Boolean {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            val locales = if (tag == null) LocaleList.getEmptyLocaleList() else LocaleList.forLanguageTags(tag)
            context.getSystemService(LocaleManager::class.java)?.applicationLocales = locales
            return false
        }
        context
            .getSharedPreferences(FILE, Context.MODE_PRIVATE)
            .edit()
            .putString(TAG, tag)
            .apply()
        return true
    }

    /** The tag that was chosen; null where the app speaks the phone's language. */
    fun chosen(context: Context): String? {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
            val locales = context.getSystemService(LocaleManager::class.java)?.applicationLocales
            return locales?.takeUnless { it.isEmpty }?.get(0)?.toLanguageTag()
        }
        return context.getSharedPreferences(FILE, Context.MODE_PRIVATE).getString(TAG, null)
    }

    /** This context in the chosen language. */
    fun applied(base: Context): Context {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) return base
        val tag = base.getSharedPreferences(FILE, Context.MODE_PRIVATE).getString(TAG, null) ?: return base
        val configuration = Configuration(base.resources.configuration)
        configuration.setLocale(Locale.forLanguageTag(tag))
        return base.createConfigurationContext(configuration)
    }
}
