"""Checks the lengths of C++ files and functions and the number of parameters against rules.toml, and prints the
distribution of function lengths.

usage: length_lint.py ROOT

A function's length is the number of lines from the first line of its signature to its closing brace.
"""

import dataclasses
import re
import sys

from source_tree import SourceTree, report

STRINGS_AND_COMMENTS = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|//[^\n]*|/\*.*?\*/'
    r'|(?<![0-9A-Za-z])\'(?:\\.|[^\'\\\n])+\''  # character; not the ' in 1'000
    r'|"(?:\\.|[^"\\\n])*"',
    re.DOTALL)
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
SCOPE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:typedef\s+)?(?:inline\s+)?"
                   r"(?:namespace|class|struct|union|enum|extern\s*$)\b", re.DOTALL)
ACCESS = re.compile(r"^\s*(?:public|protected|private)\s*:(?!:)")
ANNOTATIONS = re.compile(r"\bABSL_[A-Z_]+\s*\([^()]*\)|\bnoexcept\s*\([^()]*\)|\balignas\s*\([^()]*\)"
                         r"|\b__launch_bounds__\s*\([^()]*\)")


@dataclasses.dataclass
class Function:
    name: str
    line: int
    lines: int
    parameters: int


def blank(match):
    """White space of the same shape, so that offsets and line numbers stay true."""
    return re.sub(r"[^\n]", " ", match[0])


def bare_code(text):
    return PREPROCESSOR.sub(blank, STRINGS_AND_COMMENTS.sub(blank, text))


def matching_brace(code, opening):
    depth = 0
    for position in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[position], 0)
        if depth == 0:
            return position
    return len(code) - 1


def parameter_group(header):
    """The start and end of the parameter list's parentheses, or None."""
    header = ANNOTATIONS.sub(blank, header).replace("operator()", "operator__")
    angle = depth = 0
    start = None
    for position, char in enumerate(header):
        if char == "(":
            depth += 1
            if depth == 1 and angle == 0:
                start = position
        elif char == ")":
            depth -= 1
            if depth == 0 and start is not None:
                return start, position
        elif depth == 0 and char == "<" and "operator" not in header[max(0, position - 9):position]:
            angle += 1
        elif depth == 0 and char == ">" and angle and header[position - 1] != "-":
            angle -= 1
    return None


def count_parameters(text):
    if not text.strip() or text.strip() == "void":
        return 0
    depth = 0
    count = 1
    for position, char in enumerate(text):
        if char in "([{<":
            depth += 1
        elif char in ")]}" or (char == ">" and text[position - 1] != "-"):
            depth -= 1
        elif char == "," and depth == 0:
            count += 1
    return count


def is_initializer(header):
    """Whether a '{' behind this header starts a value: `int x = {`, `int x{`."""
    depth = 0
    for position, char in enumerate(header):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "=" and depth == 0 and "operator" not in header[:position]:
            return True
    return parameter_group(header) is None


def functions(text):
    """Every function with a body, outermost ones only: a lambda or local class counts to the function around it."""
    code = bare_code(text)
    found = []
    start = position = paren = 0
    while position < len(code):
        char = code[position]
        if char in "()":
            paren += 1 if char == "(" else -1
        elif char == "{" and paren > 0:
            position = matching_brace(code, position)
        elif char == "{":
            header = code[start:position]
            if SCOPE.match(header) and not re.search(r"\)\s*(?:const\s*)?$", header):
                start = position + 1
            else:
                end = matching_brace(code, position)
                following = code[end + 1:].lstrip()[:1]
                position = end
                if following in (",", "{") or (":" in header and following == "("):
                    pass  # a brace in a constructor's list of members: the body is still to come
                elif following == ";" or is_initializer(header):
                    start = end + 1
                else:
                    found.append(describe(code, start, header, end))
                    start = end + 1
        elif char in ";}" and paren == 0:
            start = position + 1
        elif char == ":" and ACCESS.match(code[start:position + 1]):
            start = position + 1
        position += 1
    return found


def describe(code, start, header, end):
    first = start + len(header) - len(header.lstrip())
    group = parameter_group(header)
    name = re.search(r"([\w:~]+|operator\S+)\s*$", header[:group[0]])
    line = code.count("\n", 0, first) + 1
    return Function(name=name[1] if name else "?", line=line, lines=code.count("\n", first, end) + 1,
                    parameters=count_parameters(header[group[0] + 1:group[1]]))


def quantile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))] if sorted_values else 0


def check_file(path, text, limits):
    findings = []
    lines = len(text.splitlines())
    limit = limits["header_lines" if path.endswith(".h") else "source_lines"]
    if lines > limit:
        findings.append(f"{path}:1: {lines} lines; at most {limit}: move a type of its own to a file of its own")
    for function in functions(text):
        where = f"{path}:{function.line}: {function.name}"
        if function.lines > limits["function_lines"]:
            findings.append(f"{where} has {function.lines} lines; at most {limits['function_lines']}: split it")
        if function.parameters > limits["parameters"]:
            findings.append(f"{where} takes {function.parameters} parameters; "
                            f"at most {limits['parameters']}: use a struct")
    return findings


def check(tree):
    limits = tree.rules["lengths"]
    findings = []
    for path in tree.cpp():
        findings += check_file(path, tree.text(path), limits)
    return findings + check_distribution(tree, limits)


def check_distribution(tree, limits):
    findings = []
    for kind, wanted in (("program", False), ("tests", True)):
        lengths = sorted(function.lines for path in tree.cpp() if path.startswith("tests/") == wanted
                         for function in functions(tree.text(path)))
        median, p95 = quantile(lengths, 0.5), quantile(lengths, 0.95)
        longest = max(lengths, default=0)
        print(f"{kind}: {len(lengths)} functions, median {median} lines, 95th percentile {p95}, longest {longest}")
        if p95 > limits["function_lines_p95"]:
            findings.append(f"{kind}: the 95th percentile of function lengths is {p95}; "
                            f"at most {limits['function_lines_p95']}")
    return findings


if __name__ == "__main__":
    report("length_lint", check(SourceTree(sys.argv[1])))
