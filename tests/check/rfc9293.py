#!/usr/bin/env python3
"""docs/rfc9293.md is true: every number of RFC 9293's appendix B has a row, and every function that a row names is there."""
import re
import sys
from pathlib import Path

import named

# Appendix B numbers them without gaps.
LAST = {'MUST': 69, 'SHLD': 31, 'MAY': 18, 'REC': 1}


def rows(text):
    """The rows of tables whose first cell is a number of the RFC: (number, the other cells)."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip('|').split('|')]
        if re.fullmatch(r'(MUST|SHLD|MAY|REC)-\d+', cells[0]):
            yield cells[0], cells[1:]


def problems(root, text):
    seen = {}
    for number, cells in rows(text):
        if number in seen:
            yield '%s has two rows' % number
        seen[number] = cells
        if len(cells) != 3 or not all(cells):
            yield '%s: a row has a number, a rule, code and a test' % number
        elif 'tests/' not in cells[2] or 'src/' not in cells[1]:
            yield '%s names no code or no test' % number
    for kind, last in LAST.items():
        for n in range(1, last + 1):
            if '%s-%d' % (kind, n) not in seen and '%s-%d' % (kind, n) not in ABSENT:
                yield '%s-%d has no row' % (kind, n)
    yield from named.problems(root, text)


# Numbers that RFC 9293 does not use.
ABSENT = set()


def main():
    root = Path(sys.argv[1])
    found = list(problems(root, (root / 'docs/rfc9293.md').read_text()))
    print('1..1')
    for problem in found:
        print('# ' + problem)
    print('%sok 1 - docs/rfc9293.md names what is there' % ('not ' if found else ''))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
