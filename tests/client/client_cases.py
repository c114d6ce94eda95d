# SPDX-License-Identifier: Apache-2.0
"""What plug-ins rely on in mattebrush_client, as unittest cases for Python 2.7 and 3.

Run by test_client.py under each Python at hand; by itself: python client_cases.py
"""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import threading
import time
import unittest
import zipfile

try:
    from http.server import BaseHTTPRequestHandler, HTTPServer
except ImportError:
    from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, os.pardir, "plugins", "client"))
sys.dont_write_bytecode = True

import mattebrush_client as client  # noqa: E402

MASK = client.Array(bytes(bytearray(range(12))), (3, 4), "uint8")
CONTRACT = os.path.join(HERE, "contract")


class Folder(unittest.TestCase):
    """A case with a folder of its own, to which all of the client's folders point."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.before = dict(os.environ)
        for name in ("XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            os.environ[name] = os.path.join(self.folder, name)

    def tearDown(self):
        os.environ.clear()
        os.environ.update(self.before)
        shutil.rmtree(self.folder)

    def settings(self, **values):
        values.setdefault("python", sys.executable)
        values.setdefault("python_path", CONTRACT)
        return client.Settings(values)

    def start(self, act, **more):
        options = {"op": "remove", "act": act, "shape": [3, 4]}
        return client.connect(self.settings()).start(options, mask=MASK, **more)

    def reach(self, job, stage):
        while job.stage != stage and not job.poll():
            time.sleep(0.01)

    def failure(self, job, kind):
        with self.assertRaises(kind) as caught:
            job.result()
        return caught.exception


class Bytes(unittest.TestCase):
    def test_a_request_is_a_sound_zip_of_arrays(self):
        data = client.encode_request({"op": "refine"}, mask=MASK, image=None)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.namelist(), ["mask.npy", "options.npy"])
            member = archive.read("mask.npy")
        self.assertEqual(member[:8], b"\x93NUMPY\x01\x00")
        self.assertEqual(member[-12:], MASK.data)
        self.assertIn(b"'shape': (3, 4, )", member)
        self.assertEqual((len(member) - 12) % 64, 0)

    def test_bytes_that_do_not_fit_the_shape_are_refused(self):
        wrong = client.Array(b"123", (2, 2), "uint8")
        self.assertRaises(ValueError, client.encode_request, {}, mask=wrong)

    def test_every_kind_of_array_comes_back(self):
        for kind, size in (("uint8", 1), ("uint16", 2), ("float32", 4)):
            array = client.Array(os.urandom(6 * size), (1, 2, 3), kind)
            report = client.Array(b"{}", (2,), "uint8")
            members = [("foreground.npy", client._npy("f", array))]
            members.append(("report.npy", client._npy("r", report)))
            answer = client.decode_answer(b"".join(client._zip(members)))
            self.assertEqual(answer.foreground, array)
            self.assertIsNone(answer.alpha)

    def test_damaged_answers_are_named(self):
        good = client.encode_request({}, report=client.Array(b"{}", (2,), "uint8"))
        for bad in (b"", b"PK", good[:-30], good.replace(b"(2, )", b"(9, )")):
            self.assertRaises(client.AnswerInvalid, client.decode_answer, bad)
        self.assertRaises(client.AnswerInvalid, client.decode_answer, b"{oops")


class Process(Folder):
    def test_an_answer_with_progress(self):
        job = self.start("echo")
        self.assertEqual(job.result().alpha, MASK)
        self.assertEqual((job.stage, job.fraction), ("matte", 1.0))
        self.assertTrue(job.poll())

    def test_a_deflated_answer_is_read_too(self):
        self.assertEqual(self.start("deflate").result().alpha, MASK)

    def test_starting_and_asking_do_not_block(self):
        before = time.time()
        job = self.start("slow")
        self.assertFalse(job.poll())
        self.assertLess(time.time() - before, 20)  # the job itself takes 60 seconds
        job.cancel()

    def test_much_chatter_and_a_large_picture_do_not_block(self):
        image = client.Array(b"\0" * 12000000, (2000, 2000, 3), "uint8")
        self.assertEqual(self.start("chatter", image=image).result().alpha, MASK)

    def test_cancel_ends_the_process(self):
        job = self.start("slow")
        self.reach(job, "segment")
        process = job._process
        job.cancel()
        self.failure(job, client.Cancelled)
        self.assertIsNotNone(process.wait())

    def test_cancel_before_the_process_is_there(self):
        job = self.start("slow")
        job.cancel()
        self.failure(job, client.Cancelled)

    def test_cancel_after_the_end_keeps_the_answer(self):
        job = self.start("echo")
        job.result()
        job.cancel()
        self.assertEqual(job.result().alpha, MASK)

    def test_an_engine_killed_in_mid_job(self):
        job = self.start("slow")
        self.reach(job, "segment")
        job._process.kill()
        error = self.failure(job, client.EngineDied)
        self.assertIn("in the middle of the job", str(error))
        self.assertIn("try again", error.fix)

    def test_last_words_of_an_engine_that_dies(self):
        error = self.failure(self.start("die"), client.EngineDied)
        self.assertIn("out of something", str(error))
        self.assertIn("status 9", str(error))

    def test_the_engines_own_failure(self):
        error = self.failure(self.start("refuse"), client.EngineRefused)
        self.assertEqual(error.code, "no-subject")
        self.assertEqual(str(error), "No subject was found. Select it.")

    def test_garbage(self):
        self.failure(self.start("garbage"), client.AnswerInvalid)

    def test_a_job_that_takes_too_long(self):
        self.failure(self.start("slow", timeout=0.3), client.TimedOut)

    def test_the_environment_is_clean(self):
        os.environ.update({"LD_LIBRARY_PATH": "/x", "DYLD_ROOT": "/x", "KEPT": "1"})
        os.environ.update({"GI_TYPELIB_PATH": "/x", "PYTHONHOME": "/x"})
        seen = self.start("echo").result().report
        for name in ("LD_LIBRARY_PATH", "DYLD_ROOT", "GI_TYPELIB_PATH", "PYTHONHOME"):
            self.assertNotIn(name, seen["environment"])
        self.assertEqual(seen["environment"]["KEPT"], "1")
        self.assertEqual(seen["environment"]["PYTHONPATH"], CONTRACT)
        self.assertNotEqual(seen["folder"], os.getcwd())

    def test_the_blocking_helper(self):
        reported = []
        answer = client.run(
            {"act": "echo", "shape": [3, 4]},
            lambda *progress: reported.append(progress),
            settings=self.settings(),
            mask=MASK,
        )
        self.assertEqual(answer.alpha, MASK)
        self.assertTrue(reported)

    def test_an_exception_from_progress_cancels(self):
        def stop(stage, fraction):
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            client.run({"act": "slow"}, stop, settings=self.settings(), mask=MASK)


class Finding(Folder):
    def test_no_engine_at_all(self):
        with self.assertRaises(client.EngineNotFound) as caught:
            client.connect(client.Settings())
        self.assertIn("pipx install mattebrush", str(caught.exception))

    def test_an_interpreter_that_is_gone(self):
        with self.assertRaises(client.EngineNotFound) as caught:
            client.connect(client.Settings({"python": os.path.join(self.folder, "python")}))
        self.assertIn(self.folder, str(caught.exception))

    def test_an_interpreter_without_the_engine(self):
        # An interpreter that sees no installed package: the one at hand may well have the engine.
        path = os.path.join(self.folder, "python")
        with open(path, "w") as file:
            file.write('#!/bin/sh\nexec "%s" -S "$@"\n' % sys.executable)
        os.chmod(path, 0o755)
        job = client.ProcessEngine(path, self.folder).start({}, mask=MASK)
        error = self.failure(job, client.EngineNotFound)
        self.assertIn("has no Mattebrush engine", str(error))

    def test_something_that_is_no_program(self):
        path = os.path.join(self.folder, "python")
        open(path, "w").close()
        self.failure(client.ProcessEngine(path).start({}), client.EngineNotFound)

    def test_only_a_server_is_wanted(self):
        with self.assertRaises(client.EngineNotFound) as caught:
            client.connect(self.settings(engine="server"))
        self.assertIn("mattebrush serve", str(caught.exception))

    def test_in_a_sandbox_the_server_is_asked_for(self):
        os.environ["SNAP"] = os.path.dirname(os.path.abspath(sys.executable))
        with self.assertRaises(client.EngineNotFound) as caught:
            client.connect(client.Settings())
        self.assertIn("Inside a Snap", str(caught.exception))
        self.assertIn("mattebrush serve", str(caught.exception))

    def test_settings_are_kept_and_the_installers_are_not_copied(self):
        settings = client.Settings({"python": "/p", "server": "http://h:1", "model": "m"})
        settings.save()
        again = client.Settings.load()
        self.assertEqual((again.python, again.server, again.token), ("/p", "http://h:1", ""))
        self.assertEqual(again.other, {"model": "m"})
        if os.name != "nt":
            mode = os.stat(os.path.join(client.settings_folder(), "plugins.json")).st_mode
            self.assertEqual(mode & 0o777, 0o600)

    def test_what_the_installer_wrote_is_found_and_the_users_choice_goes_first(self):
        os.makedirs(client.settings_folder())
        path = os.path.join(client.settings_folder(), client.INSTALLED_FILE)
        with open(path, "w") as file:
            json.dump({"python": "/installed", "python_path": "/core", "version": "1"}, file)
        settings = client.Settings.load()
        self.assertEqual((settings.python, settings.python_path), ("/installed", "/core"))
        settings.other["model"] = "m"
        settings.save()
        with open(path, "w") as file:
            json.dump({"python": "/newer"}, file)
        self.assertEqual(client.Settings.load().python, "/newer")
        client.Settings({"python": "/mine"}).save()
        settings = client.Settings.load()
        self.assertEqual((settings.python, settings.python_path), ("/mine", ""))

    def test_settings_that_cannot_be_written(self):
        blocker = os.path.join(self.folder, "file")
        open(blocker, "w").close()
        with self.assertRaises(client.ClientError):
            client.Settings().save(os.path.join(blocker, "below"))

    def test_damaged_settings_count_as_none(self):
        os.makedirs(client.settings_folder())
        with open(os.path.join(client.settings_folder(), "plugins.json"), "w") as file:
            file.write("{")
        self.assertEqual(client.Settings.load().engine, "auto")


class Routes(BaseHTTPRequestHandler):
    """The job routes of a server, each job one that behaves as its option `act` says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def reply(self, status, body=b"{}", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(("POST", self.headers["Authorization"]))
        if self.server.token and self.headers["Authorization"] != "Bearer " + self.server.token:
            return self.reply(401)
        if self.server.full:
            self.server.full -= 1
            return self.reply(429, b'{"code": "busy", "message": "Full."}', Retry_After="0.05")
        archive = zipfile.ZipFile(io.BytesIO(body))
        self.server.act = json.loads(archive.read("options.npy")[128:].decode("utf-8"))["act"]
        self.reply(202, b'{"id": "j1"}')

    def do_GET(self):
        if self.path == "/healthz":
            return self.reply(200)
        self.server.seen.append(("GET", self.path))
        self.server.looks += 1
        if self.path.endswith("/result"):
            if self.server.act == "refuse":
                return self.reply(422, b'{"code": "no-subject", "message": "None.", "fix": "Try."}')
            report = client.Array(b"{}", (2,), "uint8")
            return self.reply(200, client.encode_request({}, alpha=MASK, report=report))
        running = self.server.act == "slow" or self.server.looks < 3
        state = {"state": "running" if running else "done", "stage": "matte", "fraction": 0.5}
        self.reply(200, json.dumps(state).encode("ascii"))

    def do_DELETE(self):
        self.server.seen.append(("DELETE", self.path))
        self.reply(200)


class Server(Folder):
    def setUp(self):
        Folder.setUp(self)
        self.server = HTTPServer(("127.0.0.1", 0), Routes)
        self.server.seen, self.server.looks, self.server.full = [], 0, 0
        self.server.act, self.server.token = "echo", "secret"
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        thread.daemon = True
        thread.start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        Folder.tearDown(self)

    def note(self, **values):
        folder = client.runtime_folder()
        if not os.path.isdir(folder):
            os.makedirs(folder)
        values = dict({"url": self.url, "token": "secret", "pid": 1, "version": "0"}, **values)
        with open(os.path.join(folder, "server-%d.json" % values["pid"]), "w") as file:
            json.dump(values, file)

    def run_on_server(self, act, **more):
        engine = client.connect(self.settings())
        self.assertEqual(str(engine), "server at " + self.url)
        return engine.start({"act": act}, mask=MASK, **more)

    def test_a_running_server_is_found_and_used_before_a_process(self):
        self.note()
        job = self.run_on_server("echo")
        self.assertEqual(job.result().alpha, MASK)
        self.assertEqual((job.stage, job.fraction), ("matte", 0.5))
        self.assertIn(("POST", "Bearer secret"), self.server.seen)

    def test_a_stale_note_is_passed_over(self):
        self.note(pid=2, url="http://127.0.0.1:9")
        engine = client.connect(self.settings())
        self.assertIsInstance(engine, client.ProcessEngine)

    def test_a_server_named_by_the_user(self):
        engine = client.connect(client.Settings({"server": self.url[7:], "token": "secret"}))
        self.assertEqual(engine.start({"act": "echo"}).result().alpha, MASK)

    def test_a_named_server_that_is_not_there_is_no_reason_to_use_another_engine(self):
        with self.assertRaises(client.EngineNotFound):
            client.connect(self.settings(server="http://127.0.0.1:9"))

    def test_a_wrong_token(self):
        self.note(token="wrong")
        error = self.failure(self.run_on_server("echo"), client.EngineRefused)
        self.assertIn("token", str(error))

    def test_a_full_queue_is_waited_for(self):
        self.note()
        self.server.full = 2
        self.assertEqual(self.run_on_server("echo").result().alpha, MASK)

    def test_the_servers_failure(self):
        self.note()
        error = self.failure(self.run_on_server("refuse"), client.EngineRefused)
        self.assertEqual((error.code, error.fix), ("no-subject", "Try."))

    def test_cancel_reaches_the_server(self):
        self.note()
        job = self.run_on_server("slow")
        self.reach(job, "matte")
        job.cancel()
        self.failure(job, client.Cancelled)
        self.assertIn(("DELETE", "/v1/jobs/j1"), self.server.seen)

    def test_a_server_that_goes_away_in_mid_job(self):
        self.note()
        job = self.run_on_server("slow")
        self.reach(job, "matte")
        self.server.shutdown()
        self.server.server_close()
        error = self.failure(job, client.EngineDied)
        self.assertIn("mattebrush serve", str(error))

    def test_something_else_at_that_address(self):
        self.server.act = "echo"
        engine = client.ServerEngine(self.url, "secret")
        with contextlib.closing(engine.connection(1)):
            pass
        self.server.RequestHandlerClass = NotMattebrush
        self.failure(engine.start({"act": "echo"}), client.AnswerInvalid)


class NotMattebrush(Routes):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(200, b"<html>hello</html>")


if __name__ == "__main__":
    unittest.main()
