"""What documents say of functions in C files, and whether it is so."""
import re


def defines(root, path, name):
    """The C file has a definition of the function: its name at the begin of a line, and a body."""
    file = root / path
    if not file.is_file():
        return False
    return re.search(r'^[^\s#/*][^;{}]*\b%s\([^;{}]*\)\s*\{' % re.escape(name), file.read_text(), re.M) is not None


def is_run(root, path, name):
    """A test's function stands in its program's table."""
    return re.search(r'(cmocka_unit_test\w*|IN_BOTH_FAMILIES|IN_FAMILY)\(%s\b' % re.escape(name), (root / path).read_text()) is not None


def problems(root, text):
    """Of all that stands as `src/FILE.c:FUNCTION` or `tests/FILE.c:FUNCTION`."""
    for path, name in sorted(set(re.findall(r'`((?:src|tests)/[\w/.]+\.c):(\w+)`', text))):
        if not defines(root, path, name):
            yield '%s has no function %s' % (path, name)
        elif path.startswith('tests/') and not is_run(root, path, name):
            yield '%s does not run %s' % (path, name)
