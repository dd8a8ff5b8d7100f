# SPDX-License-Identifier: LGPL-2.1-or-later
"""Layout of C is clang-format's matter, mistakes in shell scripts are shellcheck's."""

import subprocess

import tree


def run(command):
    done = subprocess.run(command, cwd=tree.TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_c_is_formatted():
    run(["clang-format-14", "--dry-run", "--Werror", *[p for p in tree.files() if p.suffix in (".c", ".h")]])


def test_formatter_finds_what_is_not(tmp_path):
    (tmp_path / "a.c").write_text("int  main(void) {return 0;}\n")
    style = f"--style=file:{tree.TOP}/.clang-format"
    done = subprocess.run(["clang-format-14", style, "--dry-run", "--Werror", tmp_path / "a.c"], capture_output=True)
    assert done.returncode != 0


def is_script(path):
    first = (tree.text_of(path) or "").partition("\n")[0]
    return first.startswith("#!") and first.endswith("sh")


def test_shell_scripts():
    scripts = [path for path in tree.files() if is_script(path)]
    assert scripts
    run(["shellcheck", *scripts])
