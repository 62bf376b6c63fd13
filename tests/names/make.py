"""Writes names.txt, the names of people in many locales, from the package Faker:

    pip install faker==40.63.0
    python3 make.py > names.txt

Each word of a name is one here, in NFC. Of every locale a part of its words is taken, evenly over
the sorted list, and with them those that UTS 39 alone takes for another of the whole list.
"""

import importlib
import pkgutil
import unicodedata

import faker.providers.person as person

MOST = 330
ALIKE = """
    يسرى يسري Sadiq Sadıq יאו יאן ליאו ליאן עידו עידן Ագուլյան Ազուլյան Ագրյան Ազրյան
    พิมพ์สุดา พิมพ์สุตา Işin Işın Sayin Sayın Yilmaz Yılmaz Ilgı İlgi
    علي علی مبين مبین ياسين یاسین كیان کيان اكبر اکبر
    कृष्ण कृष्‍ण श्याम श्‍याम लक्ष्मी लक्ष्‍मी
""".split()


def words(value):
    if isinstance(value, str):
        for word in value.split():
            word = unicodedata.normalize("NFC", word.strip(".,()"))
            if 0 < len(word) <= 32 and "{" not in word:
                yield word
    elif isinstance(value, (dict, list, tuple)):
        for part in value:
            yield from words(part)


for module in sorted(pkgutil.iter_modules(person.__path__), key=lambda m: m.name):
    if not module.ispkg:
        continue
    provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
    lists = [n for n in dir(provider) if "name" in n and "language" not in n and n[0] != "_"]
    every = sorted({word for n in lists for word in words(getattr(provider, n))})
    step = max(1, -(-len(every) // MOST))
    taken = sorted(set(every[::step]) | set(every) & set(ALIKE))
    print(f"[{module.name}]", *taken, sep="\n")
