"""What else imports a CSV file, on the same files; what is not installed is left out."""
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import time

from importing import Step, say

COLUMNS = "id,email,first_name,last_name,country,signup_at,birth_date,plan,score,visits,newsletter,notes".split(",")
TYPES = {
    "signup_at": "TIMESTAMP", "birth_date": "DATE", "score": "DOUBLE", "visits": "BIGINT", "newsletter": "BOOLEAN",
}


def peer(what, *commands, environment=None):
    """Runs commands one after the other; what they took together."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for command in commands:
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        if done.returncode:
            sys.exit(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    step = Step(
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall,
        written=(after.ru_oublock - before.ru_oublock) * 512)
    say(what, step)
    return step


def has_duckdb():
    return subprocess.run([sys.executable, "-c", "import duckdb"], check=False, capture_output=True).returncode == 0


def duckdb(what, path, files, statistics):
    """All files upserted by id, then the statistics that Causeway keeps."""
    columns = ", ".join(f"{name} {TYPES.get(name, 'VARCHAR')}" for name in COLUMNS)
    given = "{" + ", ".join(f"'{name}': '{TYPES.get(name, 'VARCHAR')}'" for name in COLUMNS) + "}"
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    code = ["import duckdb", f"c = duckdb.connect({path!r})", f"c.execute('CREATE TABLE p ({columns}, PRIMARY KEY (id))')"]
    for file in files:
        query = (
            f"INSERT INTO p SELECT * FROM read_csv('{file}', header = true, columns = {given}) "
            f"ON CONFLICT (id) DO UPDATE SET {sets}")
        code.append(f"c.execute({query!r})")
    if statistics:
        code.append("c.execute('SUMMARIZE p').fetchall()")
        code += [
            f"c.execute('SELECT {name}, count(*) FROM p GROUP BY 1 ORDER BY 2 DESC LIMIT 10').fetchall()"
            for name in COLUMNS]
    return peer(what, [sys.executable, "-c", "\n".join(code)])


def sqlite(path, files):
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    script = f"PRAGMA journal_mode = WAL;\nCREATE TABLE p ({', '.join(COLUMNS)}, PRIMARY KEY (id)) WITHOUT ROWID;\n"
    for index, file in enumerate(files):
        script += (
            f"CREATE TEMP TABLE t{index} ({', '.join(COLUMNS)});\n.import --csv --skip 1 {file} t{index}\n"
            f"INSERT INTO p SELECT * FROM t{index} WHERE true ON CONFLICT (id) DO UPDATE SET {sets};\n"
            f"DROP TABLE t{index};\n")
    with open(path + ".sql", "w", encoding="utf-8") as file:
        file.write(script)
    return peer("sqlite3 without statistics", ["sqlite3", path, f".read {path}.sql"])


def sling(path, files):
    """Into sqlite, the faster of its targets here; nil where there is none."""
    binary = shutil.which("sling")
    if not binary:
        found = importlib.util.find_spec("sling_linux_amd64")
        binary = found and os.path.join(os.path.dirname(found.origin), "bin", "sling-linux-amd64")
    if not binary or not os.access(binary, os.X_OK) or not shutil.which("sqlite3"):
        return None
    os.mkdir(path)
    environment = {
        **os.environ, "SLING_DISABLE_TELEMETRY": "true", "SLING_HOME_DIR": path, "SQLITE_PATH": shutil.which("sqlite3"),
        "TARGET": f"sqlite://{path}/db"}
    commands = [
        [binary, "run", "--src-stream", f"file://{file}", "--tgt-conn", "TARGET", "--tgt-object", "main.p", "--mode",
         "incremental", "--primary-key", "id"] for file in files]
    step = peer("sling to sqlite without statistics", *commands, environment=environment)
    check = ["sqlite3", f"{path}/db", "SELECT count(*) FROM p"]
    found = int(subprocess.run(check, check=True, capture_output=True, text=True).stdout)
    print(f"    {found} rows", flush=True)
    return step


def sftp(path, server, user, file):
    return peer(
        "OpenSSH sftp into /dev/null",
        ["sftp", "-q", "-P", str(server.port), "-i", server.key, "-o", "StrictHostKeyChecking=no", "-o",
         f"UserKnownHostsFile={path}/known_hosts", f"{user}@127.0.0.1:{file}", "/dev/null"])
