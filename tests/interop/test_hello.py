#!/usr/bin/env python3
"""The example program: test_hello.py HELLO"""
import subprocess

import wire


def test_it_greets(t):
    process = subprocess.Popen([t.berth], stderr=subprocess.PIPE)
    try:
        wire.wait_for(lambda: process.poll() is not None or t.ping("-c1", "-W1").returncode == 0, "the host")
        assert process.poll() is None, process.stderr.read()
        for _ in range(3):
            with t.connect(7000) as c:
                peer = t.at(c.getsockname()[1], t.pc if t.family == 6 else "::ffff:" + t.pc)
                assert wire.receive_all(c) == f"hello, {peer}\n".encode()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


wire.main()
