#!/usr/bin/python3
"""Validates JSON documents against a JSON schema: validate.py SCHEMA DIRECTORY

Every file of the directory is one document. Exit code: 0 all valid, 1 some are not (each is named with the place and
the reason), 2 nothing to validate, 77 no validator here (Debian: python3-jsonschema).
"""

import json
import pathlib
import sys


def main(schema_path, directory):
    try:
        import jsonschema
    except ImportError:
        print("python3-jsonschema is not installed")
        return 77
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    bad = 0
    paths = sorted(pathlib.Path(directory).iterdir())
    for path in paths:
        document = json.loads(path.read_text(encoding="utf-8"))
        for error in validator.iter_errors(document):
            bad += 1
            print(f"{path.name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
    if not paths:
        return 2
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
