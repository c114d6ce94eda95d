# SPDX-License-Identifier: Apache-2.0
"""A program that speaks the job contract and behaves or misbehaves as the option `act` says.

Only for the client's own tests (tests/client): what a client must survive cannot be had from a
sound engine. Runs on Python 2.7 and 3. Proof of plug-ins is made with the real engine.
"""

import io
import json
import os
import sys
import time
import zipfile

OUT = getattr(sys.stdout, "buffer", sys.stdout)
IN = getattr(sys.stdin, "buffer", sys.stdin)


def npy(text, shape, kind):
    header = "{'descr': '%s', 'fortran_order': False, 'shape': %r}" % (kind, shape)
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + b"\x76\x00" + header.encode("ascii") + text


def tell(stage, fraction):
    sys.stderr.write(json.dumps({"stage": stage, "fraction": fraction}) + "\n")
    sys.stderr.flush()


def answer(alpha, shape, report, how):
    out = io.BytesIO()
    text = json.dumps(report).encode("utf-8")
    with zipfile.ZipFile(out, "w", how) as archive:
        if alpha is not None:
            archive.writestr("alpha.npy", npy(alpha, shape, "|u1"))
        archive.writestr("report.npy", npy(text, (len(text),), "|u1"))
    OUT.write(out.getvalue())


def main():
    archive = zipfile.ZipFile(io.BytesIO(IN.read()))
    if archive.testzip():
        return 4
    members = {name: archive.read(name)[128:] for name in archive.namelist()}
    options = json.loads(members["options.npy"].decode("utf-8"))
    act = options.get("act", "echo")
    tell("segment", 0.25)
    if act == "slow":
        time.sleep(60)
    if act == "chatter":
        for _ in range(20000):
            sys.stderr.write("a library says something that nobody needs\n")
    if act == "die":
        sys.stderr.write("out of something\n")
        sys.stderr.flush()
        os._exit(9)
    if act == "garbage":
        OUT.write(b"PK this is no zip file")
        return 0
    if act == "refuse":
        failure = {"code": "no-subject", "message": "No subject was found.", "fix": "Select it."}
        OUT.write(json.dumps(failure).encode("ascii"))
        return 3
    report = {"environment": dict(os.environ), "options": options, "folder": os.getcwd()}
    tell("matte", 1.0)
    how = zipfile.ZIP_DEFLATED if act == "deflate" else zipfile.ZIP_STORED
    answer(members.get("mask.npy"), tuple(options.get("shape", ())), report, how)
    return 0


if __name__ == "__main__":
    sys.exit(main())
