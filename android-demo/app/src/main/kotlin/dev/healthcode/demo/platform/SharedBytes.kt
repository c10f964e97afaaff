package dev.healthcode.demo.platform

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.Bundle
import android.os.CancellationSignal
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import java.io.FileNotFoundException
import java.io.IOException
import java.util.UUID

/**
 * Gives bytes out of memory to an app that the person chose in the share sheet. A proof and an export are personal data
 * in clear: they are written to no file, are given under a name that nobody can guess, and are gone with the process, or
 * when the next one is shared.
 */
class SharedBytes : ContentProvider() {
    override fun onCreate() = true

    override fun getType(uri: Uri): String? = found(uri)?.type

    override fun openFile(
        uri: Uri,
        mode: String,
    ): ParcelFileDescriptor {
        val shared = found(uri)
        if (shared == null || mode != "r") throw FileNotFoundException()
        return openPipeHelper(uri, shared.type, Bundle.EMPTY, shared.bytes) { output, _, _, _, bytes ->
            try {
                ParcelFileDescriptor.AutoCloseOutputStream(output).use { it.write(bytes) }
            } catch (_: IOException) {
                // Whoever reads has enough.
            }
        }
    }

    override fun openFile(
        uri: Uri,
        mode: String,
        signal: CancellationSignal?,
    ): ParcelFileDescriptor = openFile(uri, mode)

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor? {
        val shared = found(uri) ?: return null
        val columns = (projection ?: KNOWN).filter { it in KNOWN }.toTypedArray()
        val row = columns.map { if (it == OpenableColumns.SIZE) shared.bytes.size.toLong() else shared.name }
        return MatrixCursor(columns, 1).apply { addRow(row) }
    }

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<String>?,
    ): Int = 0

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<String>?,
    ): Int = 0

    private fun found(uri: Uri): Shared? = now?.takeIf { uri.pathSegments.firstOrNull() == it.token }

    private class Shared(
        val token: String,
        val name: String,
        val type: String,
        val bytes: ByteArray,
    )

    /** What is shared. */
    companion object {
        private val KNOWN = arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)

        @Volatile private var now: Shared? = null

        /** Takes [bytes] to share, in the place of those of before, and gives the address to grant. */
        fun offer(
            context: Context,
            name: String,
            type: String,
            bytes: ByteArray,
        ): Uri {
            val shared = Shared(UUID.randomUUID().toString(), name, type, bytes)
            now = shared
            return Uri
                .Builder()
                .scheme("content")
                .authority("${context.packageName}.shared")
                .appendPath(shared.token)
                .appendPath(name)
                .build()
        }
    }
}
