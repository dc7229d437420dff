"""The families of connections, a file each. A family is a generator function
play(talk), where talk is a talk.Talk; its WEIGHT says how often it is drawn."""
import importlib
import pkgutil
import random

from talk import Talk

NAMES = sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name):
    return importlib.import_module("families." + name)


def start(world, seed, number, names):
    """Drawn from the seed and the number alone, and from the family's name what it does: so that
    one of them can be repeated."""
    weights = [find(one).WEIGHT for one in names]
    name = random.Random(f"{seed}/{number}").choices(names, weights)[0]
    rnd = random.Random(f"{seed}/{number}/{name}")
    world.journal.add(k=number, act="family", name=name)
    talk = Talk(world, rnd, number)
    yield from find(name).play(talk)
    talk.close_all()
