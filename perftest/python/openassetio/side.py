# SPDX-License-Identifier: Apache-2.0
"""OpenAssetIO's side: `side.py python`, or `side.py FOLDER` with the plugin of manager.cpp in it."""
import sys
from pathlib import Path

from openassetio.access import ResolveAccess
from openassetio.hostApi import (HostInterface, Manager, ManagerFactory,
                                 ManagerImplementationFactoryInterface)
from openassetio.log import ConsoleLogger, SeverityFilter
from openassetio.managerApi import ManagerInterface
from openassetio.pluginSystem import CppPluginSystemManagerImplementationFactory
from openassetio.trait import TraitsData

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import work  # noqa: E402

TRAIT, KEY = "named", "name"


class Host(HostInterface):
    def identifier(self):
        return "perftest.host"

    def displayName(self):
        return "perftest"


class PythonManager(ManagerInterface):
    """Its body is that of ../sheaf_side.py's: look a reference up, answer."""

    def __init__(self, names):
        ManagerInterface.__init__(self)
        self.names = names

    def identifier(self):
        return "perftest.python"

    def displayName(self):
        return "perftest, in Python"

    def info(self):
        return {"entityReferencesMatchPrefix": work.PREFIX}

    def hasCapability(self, capability):
        return capability in (ManagerInterface.Capability.kResolution,
                              ManagerInterface.Capability.kEntityReferenceIdentification,
                              ManagerInterface.Capability.kManagementPolicyQueries,
                              ManagerInterface.Capability.kEntityTraitIntrospection)

    def isEntityReferenceString(self, text, session):
        return text.startswith(work.PREFIX)

    def resolve(self, refs, traits, access, context, session, success, failure):
        names = self.names
        for i, ref in enumerate(refs):
            data = TraitsData()
            data.setTraitProperty(TRAIT, KEY, names[ref.toString()])
            success(i, data)


class PythonFactory(ManagerImplementationFactoryInterface):
    def __init__(self, logger, names):
        ManagerImplementationFactoryInterface.__init__(self, logger)
        self.names = names

    def identifiers(self):
        return ["perftest.python"]

    def instantiate(self, identifier):
        return PythonManager(self.names)


def open_manager(kind, names):
    logger = SeverityFilter(ConsoleLogger())
    if kind == "python":
        factory = PythonFactory(logger, names)
    else:
        factory = CppPluginSystemManagerImplementationFactory(kind, logger)
    (identifier,) = factory.identifiers()
    manager = ManagerFactory(Host(), factory, logger).createManager(identifier)
    manager.initialize({})
    return manager


def cases_of(manager, refs):
    """The three ways there are to ask. A reference has to be made before it can be asked about."""
    context, traits, read = manager.createContext(), {TRAIT}, ResolveAccess.kRead
    variant = Manager.BatchElementErrorPolicyTag.kVariant

    def callbacks():
        made = [manager.createEntityReference(ref) for ref in refs]
        values = [None] * len(made)

        def success(i, data):
            values[i] = data.getTraitProperty(TRAIT, KEY)

        def failure(i, error):
            values[i] = error

        manager.resolve(made, traits, read, context, success, failure)
        return values

    def exceptions():
        made = [manager.createEntityReference(ref) for ref in refs]
        found = manager.resolve(made, traits, read, context)
        return [data.getTraitProperty(TRAIT, KEY) for data in found]

    def variants():
        made = [manager.createEntityReference(ref) for ref in refs]
        found = manager.resolve(made, traits, read, context, variant)
        return [data.getTraitProperty(TRAIT, KEY) for data in found]

    return {"callbacks": callbacks, "exceptions": exceptions, "variants": variants}


def main():
    names = dict(work.rows())
    refs = list(names)[:work.BATCH]
    cases = cases_of(open_manager(sys.argv[1], names), refs)
    for name, case in cases.items():
        if case() != [names[ref] for ref in refs]:
            sys.exit(f"side.py: {name} gives wrong values")
    work.serve(cases)


main()
