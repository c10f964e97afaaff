package dev.healthcode

import org.junit.jupiter.api.Test
import java.nio.file.Path
import kotlin.io.path.fileSize
import kotlin.io.path.writeBytes
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** From nothing to a drawn code. The README of the bindings shows these lines as they stand here. */
internal class ReadmeTest {
    @Test
    fun `ten lines lead from nothing to a drawn code`() =
        onStage {
            val picture = folder.resolve("code.png")
            play(
                folder.resolve("phone.db"),
                server.url,
                server.rootKey,
                Ports(MemoryVault(7), PhoneClock(world)),
                picture,
            ) {
                server.oneTimeCode()
            }
            assertTrue(picture.fileSize() > 1_000)
        }

    private suspend fun play(
        file: Path,
        server: String,
        rootKey: ByteArray,
        ports: Ports,
        picture: Path,
        typedDigits: suspend () -> String,
    ) {
        val (builtAt, person, declaration) = Triple(at(1, 0), liSi, atHome)
        // region readme
        val config = Config("$file", server, issuer = "hangzhou", rootKeys = listOf(rootKey), builtAt = builtAt)
        Resident.open(config, ports).use { phone ->
            phone.requestOneTimeCode(person)
            val subject = phone.enrol(typedDigits()).subject
            phone.sync()
            phone.declare(subject, declaration)
            phone.sync()
            picture.writeBytes(phone.code(subject).png(pixelsPerModule = 8))
        }
        // endregion
    }

    @Test
    fun `five lines judge a code`() =
        onStage {
            val phone = phone().also { it.becomeGreen() }
            val said = mutableListOf<BilingualText>()
            val ports = Ports(MemoryVault(9), PhoneClock(world))
            judge(config("gate.db"), ports, { phone.code().text }, { error("no challenge is needed") }, said::add)
            assertEquals(listOf(BilingualText("请通行", "Let the person pass")), said)
            phone.close()
        }

    private suspend fun judge(
        config: Config,
        ports: Ports,
        scanned: suspend () -> String,
        display: (ByteArray) -> Unit,
        say: (BilingualText) -> Unit,
    ) {
        // region readme
        Checkpoint.open(config, ports, Lane("North gate", policy = "residential")).use { gate ->
            gate.sync()
            val scan = gate.verify(scanned(), Direction.IN)
            scan.challenge?.let { display(it.png()) }
            say(scan.action)
        }
        // endregion
    }
}
