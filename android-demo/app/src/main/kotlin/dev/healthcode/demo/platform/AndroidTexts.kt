package dev.healthcode.demo.platform

import android.annotation.SuppressLint
import android.content.Context
import dev.healthcode.demo.ui.Texts

/** The words of the string resources, in the context's language. */
internal class AndroidTexts(
    private val context: Context,
) : Texts {
    // Their names are the keys of screens that know nothing of Android; res/raw/keep.xml keeps them.
    private val ids = HashMap<String, Int>()

    @SuppressLint("DiscouragedApi")
    override fun get(
        key: String,
        vararg args: Any,
    ): String {
        val id = ids.getOrPut(key) { context.resources.getIdentifier(key, "string", context.packageName) }
        require(id != 0) { "there is no string resource $key" }
        return if (args.isEmpty()) context.getString(id) else context.getString(id, *args)
    }
}
