# SPDX-License-Identifier: Apache-2.0
"""A manager in Python; its body is that of openassetio/side.py's: look a reference up, answer."""
import work

import sheaf


class InPython(sheaf.Manager):
    """What work.py has."""

    id = "in_python"
    names = dict(work.rows())

    def resolve(self, refs, request):
        names = self.names
        return [{"named": {"name": names[ref]}} for ref in refs]
