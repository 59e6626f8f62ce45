"""Plants violations in a folder of its own and expects each lint to find them, and to be silent on a clean tree.

usage: lint_self_test.py LINT_TOOLS_FOLDER
"""

import pathlib
import sys
import tempfile
import unittest

import docs_lint
import format_lint
import include_lint
import length_lint
import link_lint
import pattern_lint
import script_lint
from source_tree import SourceTree

TOOLS = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path()
CLEAN_HEADER = "// A clock.\n#pragma once\n\nnamespace ruyi {}\n"


class LintTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, path, text, executable=False):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755 if executable else 0o644)

    def tree(self):
        return SourceTree(self.root)

    def assert_one(self, findings, *parts):
        self.assertEqual(len(findings), 1, findings)
        for part in parts:
            self.assertIn(part, findings[0])


class IncludeLintTest(LintTest):
    def check_include(self, path, header):
        self.plant(path, f'#include "{header}"\n')
        return include_lint.check(self.tree())

    def test_allows_what_the_table_allows(self):
        for path, header in (("core/plan/a.h", "core/base/clock.h"), ("core/job/a.h", "core/request/limits.h"),
                             ("core/model/dit/a.cc", "ATen/core/Tensor.h"), ("core/base/a.cc", "sys/mman.h"),
                             ("server/app/component_factory.cc", "core/pipeline/ruyi/ruyi_pipeline.h"),
                             ("tests/core/plan/a_test.cc", "gtest/gtest.h")):
            with self.subTest(path=path, header=header):
                self.assertEqual(self.check_include(path, header), [])

    def test_finds_a_room_out_of_reach(self):
        self.assert_one(self.check_include("core/plan/a.h", "core/job/job.h"),
                        "core/plan/a.h:1", "core/plan does not use core/job")

    def test_finds_a_library_that_is_not_for_the_room(self):
        for path, header, library in (("core/base/a.h", "grpcpp/server.h", "grpc"),
                                      ("server/app/main.cc", "ATen/core/Tensor.h", "torch"),
                                      ("core/worker/a.cc", "prometheus/counter.h", "prometheus"),
                                      ("core/plan/a.cc", "gtest/gtest.h", "gtest")):
            with self.subTest(path=path):
                for old in self.root.rglob("*.*"):
                    old.unlink()
                self.assert_one(self.check_include(path, header), f"does not use {library}")

    def test_finds_the_server_reaching_for_the_pipeline(self):
        self.assert_one(self.check_include("server/service/a.cc", "core/pipeline/ruyi/ruyi_pipeline.h"),
                        "core/pipeline/ruyi")

    def test_finds_the_client_reaching_for_core(self):
        self.assert_one(self.check_include("client/a.cc", "core/job/job.h"), "core/job")

    def test_finds_a_forbidden_header(self):
        self.assert_one(self.check_include("core/tensor/a.cc", "torch/torch.h"), "torch/torch.h")

    def test_finds_an_unknown_library(self):
        self.assert_one(self.check_include("core/base/a.cc", "boost/any.hpp"), "boost/any.hpp")

    def test_finds_aten_in_a_kernel(self):
        self.assert_one(self.check_include("core/kernels/cuda/a.cu", "ATen/core/Tensor.h"), "does not use torch")

    def test_finds_a_file_outside_every_room(self):
        self.assert_one(self.check_include("core/elsewhere/a.cc", "core/base/clock.h"), "no room")


def function_of(lines, signature="int F()"):
    return signature + " {\n" + "  Step();\n" * (lines - 2) + "}\n"


class LengthLintTest(LintTest):
    def lengths(self, text):
        return [(function.name, function.lines, function.parameters) for function in length_lint.functions(text)]

    def test_accepts_the_longest_allowed(self):
        self.plant("core/base/a.cc", function_of(59))
        self.assertEqual(length_lint.check_file("core/base/a.cc", function_of(59), self.tree().rules["lengths"]), [])

    def test_finds_a_function_of_60_lines(self):
        self.plant("core/base/a.cc", function_of(60) + function_of(3) * 40)
        self.assert_one(length_lint.check(self.tree()), "core/base/a.cc:1: F has 60 lines")

    def test_finds_a_high_95th_percentile(self):
        self.plant("core/base/a.cc", function_of(31) * 2)
        self.assert_one(length_lint.check(self.tree()), "95th percentile")

    def test_finds_long_files(self):
        self.plant("core/base/a.cc", "\n" * 401)
        self.plant("core/base/a.h", "\n" * 251)
        self.assertEqual(len(length_lint.check(self.tree())), 2)

    def test_measures_kernels(self):
        kernel = "__global__ void __launch_bounds__(128)\n    F(int a, int b)"
        self.plant("core/base/a.cu", function_of(60, kernel) + function_of(3) * 40)
        self.assert_one(length_lint.check(self.tree()), "core/base/a.cu:1: F has 61 lines")
        self.assertEqual(self.lengths(kernel + " {\n  f<<<1, 2>>>(a);\n}\n"), [("F", 4, 2)])

    def test_finds_six_parameters(self):
        self.plant("core/base/a.cc", function_of(3, "int F(int a, std::map<int, int> b, int c, int d, int e, int f)"))
        self.assert_one(length_lint.check(self.tree()), "takes 6 parameters")

    def test_measures_every_kind_of_function(self):
        cases = {
            "namespace a {\nnamespace b {\nvoid F() {\n  g();\n}\n}}": [("F", 3, 0)],
            "class A : public B {\n public:\n  int Get() const { return x_; }\n  int x_{3};\n};": [("Get", 1, 0)],
            "A::A(int x)\n    : a_(x), b_{x, 2}, c_(3) {\n  g();\n}": [("A::A", 4, 1)],
            "A::A(int x) : a_{x} {}": [("A::A", 1, 1)],
            "bool operator==(const A& a, const A& b) { return true; }": [("operator==", 1, 2)],
            "int A::operator()(int x) const {\n  return x;\n}": [("operator()", 3, 1)],
            "template <typename T, typename U>\nauto F(T&& t) -> std::vector<U> {\n  return {t};\n}": [("F", 4, 1)],
            "void F() {\n  auto f = [] {\n    g();\n  };\n}\n": [("F", 5, 0)],
            "TEST(Clock, Ticks) {\n  EXPECT_EQ(R\"(})\", \"{\");  // {\n}": [("TEST", 3, 2)],
            "const int kTable[] = {1, 2, 3};\nenum class E { kA, kB };\nstruct S { int a = 0; };": [],
            "std::function<void(int)> f_{nullptr};\nvoid F(Options o = {}) { g(); }": [("F", 1, 1)],
            "#define A(x) {\nint F() { return '{'; }": [("F", 1, 0)],
            "void F() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { g(); }": [("F", 1, 0)],
            "int x = 1'000;\nint F() { return 'a'; }": [("F", 1, 0)],
        }
        for text, expected in cases.items():
            with self.subTest(text=text):
                self.assertEqual(self.lengths(text), expected)


class PatternLintTest(LintTest):
    PLANTED = {
        "unfinished work": "// TO" + "DO: later\n",
        "machine paths": 'const char* kPath = "/ro' + 'ot/x";\n',
        "catch": "try {\n",
        "names": "class JobManager {};\n",
        "sleep": "absl::SleepFor(x);\n",
        "C++20 without std::format": "#include <format>\n",
    }

    def test_finds_each_pattern(self):
        self.assertEqual(set(self.PLANTED), {pattern["name"] for pattern in self.tree().rules["patterns"]})
        for pattern in self.tree().rules["patterns"]:
            with self.subTest(name=pattern["name"]):
                self.plant("core/base/a.cc", "int x;\n" + self.PLANTED[pattern["name"]])
                self.assert_one(pattern_lint.check(self.tree()), "core/base/a.cc:2", pattern["message"])

    def test_accepts_clean_code(self):
        self.plant("core/base/a.h", CLEAN_HEADER)
        self.plant("core/base/a.cc", "// The mastodon/root and https://host/work/x are no paths here.\nint Retry();\n")
        self.assertEqual(pattern_lint.check(self.tree()), [])

    def test_finds_a_header_without_comment_or_guard(self):
        self.plant("core/base/a.h", "#pragma once\n")
        self.plant("core/base/b.h", "// A clock.\nnamespace ruyi {}\n")
        self.assertEqual(len(pattern_lint.check(self.tree())), 3)


class FormatLintTest(LintTest):
    def setUp(self):
        super().setUp()
        self.plant(".clang-format", "BasedOnStyle: Google\n")

    def test_finds_bad_format_only(self):
        self.plant("core/base/good.cc", "int x;\n")
        self.plant("core/base/bad.cc", "int  x ;\n")
        self.assert_one(format_lint.check(self.tree(), TOOLS / "clang-format"), "core/base/bad.cc:1")

    def test_finds_bad_format_of_a_kernel(self):
        self.plant("core/base/bad.cu", "int  x ;\n")
        self.assert_one(format_lint.check(self.tree(), TOOLS / "clang-format"), "core/base/bad.cu:1")

    def test_finds_that_the_formatter_is_missing(self):
        self.assert_one(format_lint.check(self.tree(), self.root / "none"), "scripts/setup")


class ScriptLintTest(LintTest):
    SHEBANG = "#!/usr/bin/env bash\n"

    def check(self):
        return script_lint.check(self.tree(), TOOLS / "shellcheck")

    def test_accepts_a_clean_script(self):
        self.plant("scripts/good", self.SHEBANG + 'echo "$1"\n', executable=True)
        self.assertEqual(self.check(), [])

    def test_finds_a_syntax_error(self):
        self.plant("scripts/bad", self.SHEBANG + "if true; then\n", executable=True)
        self.assertTrue(any("syntax error" in finding for finding in self.check()))

    def test_finds_what_shellcheck_finds(self):
        self.plant("scripts/bad", self.SHEBANG + "rm $1\n", executable=True)
        self.assert_one(self.check(), "SC2086")

    def test_finds_a_script_that_cannot_be_run(self):
        self.plant("scripts/bad", self.SHEBANG)
        self.assert_one(self.check(), "not executable")


class LinkLintTest(LintTest):
    LINKS = {"libtorch": ["ruyi-golden", "*model*_test"]}

    def test_finds_libtorch_where_it_is_not_allowed(self):
        self.assert_one(link_lint.check_needed("plan_test", ["libc.so.6", "libtorch_cpu.so"], self.LINKS),
                        "plan_test", "libtorch_cpu.so")

    def test_allows_the_named_programs(self):
        self.assertEqual(link_lint.check_needed("model_dit_test", ["libtorch_cpu.so"], self.LINKS), [])

    def test_reads_what_a_program_loads(self):
        self.assertTrue(any(name.startswith("libc.so") for name in link_lint.needed_libraries("/usr/bin/env")))

    def test_finds_that_nothing_was_built(self):
        self.assert_one(link_lint.check(self.tree(), self.root), "build first")


class DocsLintTest(LintTest):
    HELP = "#!/bin/sh\necho ' --port N  the port'\n"

    def setUp(self):
        super().setUp()
        for name in self.tree().rules["docs"]["programs"]:
            self.plant("bin/" + name, self.HELP, executable=True)
        self.plant("docs/operations.md", "`--port`: the port.\n")

    def check(self, text):
        self.plant("README.md", text)
        return docs_lint.check(self.tree(), self.root / "bin")

    def test_accepts_what_is_true(self):
        self.plant("scripts/setup", "case $1 in --cuda) ;; esac\n# RUYI_CACHE\n")
        self.assertEqual(self.check("[o](docs/operations.md#a) `docs/operations.md` `ruyi-server --port 1`\n"
                                    "`scripts/setup --cuda` `cmake --preset dev` RUYI_CACHE\n"), [])

    def test_finds_a_broken_link(self):
        self.assert_one(self.check("\n[o](docs/none.md)\n"), "README.md:2", "docs/none.md")

    def test_finds_a_file_that_does_not_exist(self):
        self.assert_one(self.check("`core/none.h`\n"), "core/none.h")

    def test_finds_a_flag_that_does_not_exist(self):
        self.assert_one(self.check("`--none`\n"), "--none")
        self.assert_one(self.check("```\nbuild/dev/bin/ruyi-server \\\n  --none 1\n```\n"), "--none", "ruyi-server")

    def test_finds_an_unknown_variable(self):
        self.assert_one(self.check("RUYI_NONE\n"), "RUYI_NONE")

    def test_finds_a_flag_that_no_document_explains(self):
        self.plant("docs/operations.md", "Nothing.\n")
        self.assertEqual(len(self.check("")), len(self.tree().rules["docs"]["complete"]))


if __name__ == "__main__":
    unittest.main(verbosity=1)
