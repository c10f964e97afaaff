package dev.healthcode.demo

import java.io.File
import java.util.concurrent.TimeUnit
import kotlin.test.assertTrue

/** What zbar reads in a picture: exactly one code. */
internal fun zbar(picture: File): String {
    val process = ProcessBuilder("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "$picture").start()
    val read =
        process.inputStream
            .bufferedReader()
            .readText()
            .trimEnd('\n')
    assertTrue(
        process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0,
        "$picture has no code that zbar reads",
    )
    assertTrue('\n' !in read, "$picture has one code")
    return read
}
