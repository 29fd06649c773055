"""Runs the cases of a suite, functions that raise when something is wrong."""

import traceback


def run(cases, *arguments):
    """Calls each case with `arguments`; any error fails the case and not the others. Prints a line
    for each and at last `N passed, N failed`. Returns the suite's exit code.
    """
    failed = 0
    for case in cases:
        try:
            case(*arguments)
            print(f"ok   {case.__name__}", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {case.__name__}\n{traceback.format_exc()}", flush=True)
    print(f"{len(cases) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
