# Asks PyTorch and its kin whether the names of docs/parity.md are there: `python test/docs/parity.py` prints those that are not.
import importlib
import pathlib
import re

page = pathlib.Path(__file__).parents[2] / "docs" / "parity.md"
names = re.findall(r"^\| `((?:torch|torchvision|torchmetrics|torchinfo|sklearn|timm|copy)\.[\w.]+)`", page.read_text(), re.M)


def found(name):
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            if not hasattr(value, part) and part not in getattr(value, "__annotations__", {}):
                return False
            value = getattr(value, part, None)
        return True
    return None


missing = [name for name in names if found(name) is False]
absent = sorted({name.split(".")[0] for name in names if found(name) is None})
print("\n".join(missing))
print(f"{len(names)} names, {len(missing)} missing; not installed: {', '.join(absent) or 'nothing'}")
