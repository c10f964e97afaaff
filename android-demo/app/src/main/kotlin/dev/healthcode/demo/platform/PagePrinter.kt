package dev.healthcode.demo.platform

import android.content.Context
import android.print.PrintAttributes
import android.print.PrintManager
import android.view.View
import android.webkit.WebView
import android.webkit.WebViewClient

/**
 * Prints a page that the core has drawn, through the system's own printing: a web view without scripts, files and network
 * turns the drawing into what a printer takes. It works in memory; only the print spooler has the page then.
 */
internal class PagePrinter(
    private val context: Context,
) {
    /** Kept while the system reads from it. */
    var drawing: WebView? = null
        private set

    /** Opens the system's printing; false where this phone cannot print. */
    fun print(
        name: String,
        page: String,
    ): Boolean {
        val printing = context.getSystemService(Context.PRINT_SERVICE) as? PrintManager ?: return false
        // A phone may be without a web view, or in the middle of its update.
        val view = runCatching { WebView(context) }.getOrNull() ?: return false
        drawing = view
        view.settings.apply {
            blockNetworkLoads = true
            allowFileAccess = false
            allowContentAccess = false
        }
        view.setLayerType(View.LAYER_TYPE_SOFTWARE, null)
        view.webViewClient =
            object : WebViewClient() {
                override fun onPageFinished(
                    view: WebView,
                    url: String?,
                ) = start(printing, view, name)
            }
        view.loadDataWithBaseURL(null, document(page), "text/html", "utf-8", null)
        return true
    }

    /** Forgets the page. */
    fun close() {
        drawing?.destroy()
        drawing = null
    }

    private fun start(
        printing: PrintManager,
        view: WebView,
        name: String,
    ) {
        val a4 =
            PrintAttributes
                .Builder()
                .setMediaSize(PrintAttributes.MediaSize.ISO_A4)
                .setMinMargins(PrintAttributes.Margins.NO_MARGINS)
                .build()
        printing.print(name, view.createPrintDocumentAdapter(name), a4)
    }

    companion object {
        /** The drawing alone on a sheet without margins: it has its own. */
        fun document(page: String): String {
            val drawing = page.substringAfter("?>", page)
            return "<!doctype html><html><head><meta charset=\"utf-8\"><style>@page{size:A4;margin:0}" +
                "html,body{margin:0}svg{display:block;width:210mm;height:297mm}</style></head><body>$drawing</body></html>"
        }
    }
}
