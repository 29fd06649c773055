"""The C++ client over TLS: tls_cases.py PORT KIND SDK_CASES SCRATCH.

A proxy takes TLS off on the way to the broker, with a certificate made for "localhost" by an
authority of the test's own. The client must accept it when it trusts that authority, and refuse it
otherwise, or for another host's name, or when nobody was asked to be trusted.
"""

import asyncio
import pathlib
import ssl
import subprocess
import sys

PORT, KIND, PROGRAM, SCRATCH = sys.argv[1:]


def make_certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout",
            "server.key", "-out", "server.csr")
    pathlib.Path(folder, "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def serve(reader, writer):
    upstream = await asyncio.open_connection("127.0.0.1", int(PORT))
    await asyncio.gather(pump(reader, upstream[1]), pump(upstream[0], writer))


async def attempt(host, port, parameters):
    url = f"amqps://guest:guest@{host}:{port}/?{parameters}"
    process = await asyncio.create_subprocess_exec(
        PROGRAM, url, KIND, "publish and consume", stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return said.decode()


async def main():
    make_certificates(SCRATCH)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{SCRATCH}/server.pem", f"{SCRATCH}/server.key")
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    good = "1 passed, 0 failed"
    trusted = f"cacertfile={SCRATCH}/ca.pem"
    cases = [
        ("trusted", "localhost", trusted, good),
        ("another authority", "localhost", f"cacertfile={SCRATCH}/other.pem", "certificate"),
        ("the system's authorities", "localhost", "", "certificate"),
        ("another host", "127.0.0.1", trusted, "certificate"),
        ("another host, by its name", "127.0.0.1", trusted + "&server_name_indication=localhost",
         good),
        ("nothing verified", "127.0.0.1", "verify=verify_none", good),
    ]
    passed = failed = 0
    for name, host, parameters, expected in cases:
        said = await attempt(host, port, parameters)
        if expected in said:
            passed += 1
        else:
            failed += 1
            print(f"FAIL {name}: {said.strip()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
