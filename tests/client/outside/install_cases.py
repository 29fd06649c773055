"""Installs a build and builds a project against it: install_cases.py BUILD SCRATCH URL [COMPONENT].

With CMake's find_package, shared and static, with pkg-config, and as docs/getting-started.md says,
in its words; each program then runs against the broker at URL. The installed tree is moved before,
because people's packages do that.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/docs"))

import blocks as markdown  # noqa: E402


def execute(command, **environment):
    result = subprocess.run(command, text=True, capture_output=True,
                            env={**os.environ, **environment})
    if result.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def follow_page(build, scratch, url):
    """Installs, builds and runs what the page for beginners says, with our directories."""
    name = markdown.ELSEWHERE["sdk-install"]
    page = markdown.read(name, (ROOT / name).read_text(encoding="utf-8"))
    folder, prefix = pathlib.Path(scratch, "page"), pathlib.Path(scratch, "page-installed")
    folder.mkdir()
    for block in page:
        if block.file:
            (folder / block.file).write_text(block.text)
    commands = [line[2:] for block in page if block.run_by == "sdk-install"
                for line in block.lines if line.startswith("$ ")]
    assert commands, f"{name} has no command for us"
    for command in commands:
        words = [str(build) if word == "build/release" else word for word in shlex.split(command)]
        assert words[0] == "cmake", command
        execute([*words, *(["--prefix", str(prefix)] if "--install" in words else [])])
    execute(["cmake", "-S", str(folder), "-B", str(folder / "build"),
             f"-DCMAKE_PREFIX_PATH={prefix}"])
    execute(["cmake", "--build", str(folder / "build")])
    said = execute([str(folder / "build/first")], AMQP_URL=url)
    assert said == "Hello from C++\n", said


def main():
    build, scratch, url, *component = sys.argv[1:]
    component = ["--component", *component] if component else []
    passed = failed = 0

    def case(name, run):
        nonlocal passed, failed
        try:
            run()
            passed += 1
        except (RuntimeError, OSError, AssertionError) as error:
            failed += 1
            print(f"FAIL {name}: {error}", flush=True)

    staged, tree = pathlib.Path(scratch, "staged"), pathlib.Path(scratch, "installed")
    outside = pathlib.Path(scratch, "outside")

    def install():
        execute(["cmake", "--install", build, "--prefix", str(staged), *component])
        staged.rename(tree)
        if not component:
            assert os.access(tree / "bin/ternmq", os.X_OK), "the broker is not installed"
        inner = re.compile(r'#include "(?!ternmq/)')
        for header in tree.rglob("*.hpp"):
            assert not inner.search(header.read_text()), f"{header.name} needs what is not there"

    def runs(program, libraries):
        said = execute([str(program), url, f"outside.{os.path.basename(program)}"],
                       LD_LIBRARY_PATH=libraries)
        assert said == "hello from outside\n", said

    def find_package():
        execute(["cmake", "-S", str(HERE), "-B", str(outside), f"-DCMAKE_PREFIX_PATH={tree}",
                 f"-DWITH_IDS={'OFF' if component else 'ON'}"])
        execute(["cmake", "--build", str(outside)])
        runs(outside / "outside", "")
        runs(outside / "outside_static", "")

    def examples():
        """They build as somebody else's project; tests/client/examples_test.py runs them."""
        source, binary = ROOT / "examples/cpp", pathlib.Path(scratch, "examples")
        execute(["cmake", "-S", str(source), "-B", str(binary), f"-DCMAKE_PREFIX_PATH={tree}"])
        execute(["cmake", "--build", str(binary), "--target", "example_hello"])
        said = execute([str(binary / "hello")], AMQP_URL=url)
        assert said.endswith("received: Hello, tern!\n"), said

    def processed_ids():
        for program in [] if component else ["ids", "ids_static"]:
            said = execute([str(outside / program)])
            assert said == "10\n", said

    def pkg_config():
        found = sorted(tree.rglob("ternmq.pc"))
        assert len(found) == 1, f"{len(found)} files ternmq.pc"
        flags = execute(["pkg-config", "--cflags", "--libs", "ternmq"],
                        PKG_CONFIG_PATH=str(found[0].parent)).split()
        program = pathlib.Path(scratch, "by-pkg-config")
        execute(["g++", "-std=c++20", "-o", str(program), str(HERE / "main.cpp"), *flags])
        runs(program, str(found[0].parent.parent))

    case("install", install)
    case("find_package", find_package)
    case("examples", examples)
    case("processed ids", processed_ids)
    case("pkg-config", pkg_config)
    case(markdown.ELSEWHERE["sdk-install"], lambda: follow_page(build, scratch, url))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
