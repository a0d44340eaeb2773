"""The files that are fetched: of a first load, and of an update."""
import os
import shutil

ENTITIES = ("events", "profiles", "visits")


def profile(number, version=0):
    note = f"{number * 7919 % 999983:06d}-" * 30
    return f"{number},Name {number},user{number}@example.test,{20 + number % 60},{version},{note}\n"


def event(number, version=0):
    return f"{number},{number % 977},kind{number % 7},2026-0{1 + number % 9}-1{number % 9},{version}\n"


def visit(number, version=0):
    """More distinct values in a column than are counted exactly, frequent ones among them, and rows of the same content."""
    if number % 10 == 9:
        return f"{number},none,0,home,0\n"
    place = f"place {number % 40}" if number % 2 else f"place {number}"
    return f"{number},{number * 2654435761 % 4294967296:08x}{version},{number * 31 % 1000003}.{number % 10},{place},{version}\n"


def write(path, header, rows, order):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(header)
        file.writelines(rows)
    # Files are read in the order of their times.
    stamp = 1_700_000_000 + order * 60
    os.utime(path, (stamp, stamp))


def faulty(row, number, every):
    return f"{number},one,two,three,four,five,six,seven\n" if number % every == every // 2 else row


def write_files(folder):
    """Writes the files of the first load and of the update; returns what they come to."""
    profiles = "id,name,email,age,version,note\n"
    events = "id,profile,kind,day,version\n"
    first, second = os.path.join(folder, "load"), os.path.join(folder, "update")
    for path in (first, second):
        for entity in ENTITIES:
            os.makedirs(os.path.join(path, entity))
    start = 0
    # The first file takes several commits, the last ones less than one.
    for order, count in enumerate((36_000, 5_000, 1_000)):
        numbers = range(start, start + count)
        start += count
        name = f"profiles/{order}.csv"
        write(os.path.join(first, name), profiles, (faulty(profile(n), n, 4_001) for n in numbers), order)
        # A part of the rows changes, and each file brings some that are new.
        changed = [profile(n, 1 if n % 3 == 0 else 0) for n in numbers]
        changed += [profile(n, 1) for n in range(1_000_000 + 1_000 * order, 1_000_500 + 1_000 * order)]
        write(os.path.join(second, name), profiles, changed, order + 100)
    visits = "id,token,amount,place,version\n"
    # Short rows are wrong as long as nobody pads them.
    for order, numbers in enumerate((range(90_000), range(90_000, 180_000))):
        rows = (f"{n},short\n" if n % 16 == 5 else visit(n) for n in numbers)
        write(os.path.join(first, f"visits/{order}.csv"), visits, rows, order)
    write(
        os.path.join(second, "visits/2.csv"), visits,
        (visit(n, 1) for n in (*range(6, 40_000, 16), *range(180_000, 190_000))), 100)
    for order in range(9):
        numbers = range(order * 2_000, order * 2_000 + 2_000)
        name = f"events/{order}.csv"
        write(os.path.join(first, name), events, (faulty(event(n), n, 997) for n in numbers), order)
        if order % 2 == 0:
            # The other files stay as they are.
            write(os.path.join(second, name), events, (event(n, n % 2) for n in numbers), order + 100)


def lay(files, folder):
    """Puts the files of a set into a folder, over those that are there."""
    for entity in ENTITIES:
        os.makedirs(os.path.join(folder, entity), exist_ok=True)
        for name in sorted(os.listdir(os.path.join(files, entity))):
            target = os.path.join(folder, entity, name)
            shutil.copy2(os.path.join(files, entity, name), target + ".part")
            os.replace(target + ".part", target)
