#!/usr/bin/env python3
"""docs/attacks.md is true: its rows are numbered without gaps, and every test that a row names is there and is run."""
import re
import sys
from pathlib import Path

import named

# Rows without a test, as there is no code for what they are about.
ABSENT = {13}


def problems(root, text):
    rows = re.findall(r'^\| (\d+) \|(.*)\|$', text, re.M)
    if [int(number) for number, _ in rows] != list(range(1, len(rows) + 1)) or not rows:
        yield 'rows are not numbered 1, 2, 3 ...'
    for number, cells in rows:
        if cells.count('|') != 2:
            yield '%s: a row has a number, a name, what went wrong and a test' % number
        elif '`tests/' not in cells and int(number) not in ABSENT:
            yield '%s names no test' % number
    yield from named.problems(root, text)


def main():
    root = Path(sys.argv[1])
    found = list(problems(root, (root / 'docs/attacks.md').read_text()))
    print('1..1')
    for problem in found:
        print('# ' + problem)
    print('%sok 1 - docs/attacks.md names what is there' % ('not ' if found else ''))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
