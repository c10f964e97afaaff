"""The border from another language: uniffi's Python side of the library registers, shows a code and checks in.

The server is a process of its own, in real time. Usage: border.py BINDINGS BINARY, the folder with the generated
module and the library, and the command line `healthcode`.
"""

import asyncio
import datetime
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BINDINGS, BINARY = sys.argv[1], sys.argv[2]
sys.path.insert(0, BINDINGS)

import healthcode as core  # noqa: E402  pylint: disable=wrong-import-position


class MemoryVault(core.Vault):
    """A vault that turns bytes over with a key of its own; a platform's key store does better."""

    def __init__(self):
        self.key = secrets.token_bytes(4096)

    def _turn(self, data):
        return bytes(byte ^ pad for byte, pad in zip(data, self.key))

    def seal(self, plain):
        return self._turn(plain)

    def unseal(self, sealed):
        return self._turn(sealed)

    def hardware_public_key(self, name):
        return None

    def sign(self, name, message):
        raise core.VaultError.Gone()

    def delete(self, name):
        pass


class ThrowingVault(MemoryVault):
    """A vault whose platform fails with a text that must not travel."""

    def seal(self, plain):
        raise ValueError("the secret of 张三")


class SystemClock(core.DeviceClock):
    """The system's clocks."""

    def read(self):
        boot_id = Path("/proc/sys/kernel/random/boot_id")
        return core.ClockReading(
            boot_id=boot_id.read_text(encoding="ascii").strip() if boot_id.exists() else "boot",
            boot_millis=time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1_000_000,
            wall=datetime.datetime.now(datetime.timezone.utc),
        )


class Server:
    """The reference server as a process, over a new database."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--listen", "127.0.0.1:0", "--database", f"{folder}/server.db"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self.url = self.process.stdout.readline().split()[-1]
        self.root_key = bytes.fromhex(self.process.stdout.readline().split()[-1])

    def one_time_code(self):
        """The digits of the next message on the console."""
        return self.process.stdout.readline().split()[-1]

    def close(self):
        """Ends it as an operator does."""
        self.process.terminate()
        status = self.process.wait()
        self.process.stdout.close()
        return status


def config(server, database):
    return core.Config(
        database=str(database),
        server=server.url,
        issuer="hangzhou",
        root_keys=[server.root_key],
        root_threshold=1,
        root_version=1,
        trust_list_floor=0,
        built_at=datetime.datetime(2020, 2, 1, tzinfo=datetime.timezone.utc),
        cleartext_hosts=[],
        tls_roots=[],
    )


IDENTITY = core.IdentityForm(
    name="李四",
    document_kind="resident-id",
    document_number="440524188001010014",
    phone="+86 139 0013 9000",
    region="330100",
)


class Border(unittest.TestCase):
    """What an app in another language does."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.server = Server(self.folder.name)

    def tearDown(self):
        self.assertEqual(self.server.close(), 0)

    def open(self, vault=None, name="phone.db"):
        ports = core.Ports(vault=vault or MemoryVault(), clock=SystemClock(), log=None)
        return core.open_resident(config(self.server, Path(self.folder.name) / name), ports)

    def test_register_show_a_code_and_check_in(self):
        asyncio.run(self.register_show_and_check_in())

    async def register_show_and_check_in(self):
        resident = self.open()
        requested = await resident.request_one_time_code(IDENTITY, None)
        self.assertEqual(requested.digits, 6)
        enrolment = await resident.enrol(self.server.one_time_code(), None)
        self.assertIsNone(enrolment.pending_until)
        await resident.sync(None)
        with self.assertRaises(core.HealthcodeError.NotRated):
            resident.code(enrolment.subject, None)

        form = resident.form()
        self.assertEqual([question.id for question in form.questions], ["contact", "symptoms"])
        yes = core.AnswerValue.YES_NO(yes=True)
        answers = [
            core.AnswerInput(question="contact", value=yes),
            core.AnswerInput(question="symptoms", value=core.AnswerValue.ANY(options=[])),
        ]
        declaration = core.DeclarationInput(answers=answers, travel=[])
        preview = resident.preview(enrolment.subject, declaration)
        self.assertEqual(preview.colour, core.Colour.RED)
        resident.record(enrolment.subject, core.Entry.DECLARATION(declaration=declaration))
        report = await resident.sync(None)
        self.assertEqual((report.accepted, report.refused, report.waiting), (1, 0, 0))

        code = resident.code(enrolment.subject, None)
        self.assertEqual(code.colour, core.Colour.RED)
        self.assertTrue(code.text.startswith("H1:"))
        self.assertEqual(len(code.picture.pixels), code.picture.side**2)
        self.assertGreater(len(core.draw_png(code.text, code.shade, 4)), 1000)
        self.assertEqual(code.reasons[0].rule, "contact-declared")

        recorded = resident.record(
            enrolment.subject, core.Entry.CHECK_IN(check_in=core.CheckInInput(symptoms=[]))
        )
        self.assertIsNotNone(recorded.day)
        await resident.sync(None)
        view = resident.quarantine(enrolment.subject)
        self.assertEqual((view.counted, view.days), (1, 14))
        self.assertTrue(view.check_ins[0].state.is_COUNTED())

        gate_ports = core.Ports(vault=MemoryVault(), clock=SystemClock(), log=None)
        lane = core.Lane(gate="gate 1", policy=None, shows_challenges=True)
        gate = core.open_checkpoint(config(self.server, Path(self.folder.name) / "gate.db"), gate_ports, lane)
        await gate.sync(None)
        verdict = gate.verify(resident.code(enrolment.subject, None).text, None).verdict
        self.assertTrue(verdict.is_STOP(), verdict.__class__)

    def test_errors_are_typed_and_name_the_field(self):
        resident = self.open()
        wrong = core.IdentityForm(
            name="李四",
            document_kind="resident-id",
            document_number="440524188001010015",
            phone="+86 139 0013 9000",
            region="330100",
        )
        problems = resident.check_identity(wrong)
        self.assertEqual([(problem.field, problem.reason) for problem in problems], [("document", "check-digit")])
        with self.assertRaises(core.HealthcodeError.InvalidField) as raised:
            asyncio.run(resident.request_one_time_code(wrong, None))
        self.assertEqual(raised.exception.field, "document")
        self.assertNotIn("4405", str(raised.exception))
        with self.assertRaises(core.HealthcodeError.UnknownSubject):
            resident.code("00" * 16, None)
        with self.assertRaises(core.HealthcodeError.NotSynced):
            resident.form()

    def test_a_ports_own_text_does_not_travel(self):
        with self.assertRaises(core.HealthcodeError.Vault) as raised:
            self.open(ThrowingVault(), "other.db")
        self.assertNotIn("张三", str(raised.exception))

    def test_a_cancelled_call_says_so_and_a_waiting_loop_goes_on(self):
        async def play():
            resident = self.open()
            cancel = core.new_cancel()
            cancel.cancel()
            with self.assertRaises(core.HealthcodeError.Cancelled):
                await resident.sync(cancel)
            ticks = 0
            syncing = asyncio.create_task(resident.sync(None))
            while not syncing.done():
                await asyncio.sleep(0)
                ticks += 1
            await syncing
            return ticks

        self.assertGreater(asyncio.run(play()), 1)


def out_of_time(*_):
    raise TimeoutError("no answer from the server or the library")


if __name__ == "__main__":
    # Order and check-in must fall in one legal day (UTC+8): at its very end, wait for the next one.
    left = 86_400 - (time.time() + 8 * 3_600) % 86_400
    time.sleep(left + 1 if left < 30 else 0)
    # Whoever does not answer must not hold up the whole run.
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(120)
    unittest.main(argv=sys.argv[:1])
