#!/usr/bin/python3
"""info, plot and report on a simulated scan: show_test.py PROGRAM SOURCE_DIR. Standard library only."""
import html
import json
import os
import re
import struct
import subprocess

from commands import Commands

commands = Commands()
glass = commands.glass


def run(*arguments, word=""):
    return commands.run(0, word, *arguments)


def png_size(name):
    data = open(name, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", name
    return struct.unpack(">II", data[16:24])


run("simulate", glass, "-o", "scan.h5", "--scan", "3x4", "--grid", "128", "--q-max", "0.8", "--detector", "haadf=15:22")

described = json.loads(run("info", "scan.h5", "--json"))
shapes = {d["path"]: d["shape"] for d in described["datasets"]}
assert shapes["/simulation/patterns"][:2] == [4, 3], shapes
assert described["parameters"]["energy"] == 200
assert any(v["good"] and "4000 atoms" in v["text"] for v in described["checks"]), described["checks"]
assert described["verdicts"] == described["checks"]  # the earlier name
assert "haadf" in run("info", "scan.h5")
run("simulate", glass, "-o", "kinematic.h5", "--grid", "128", "--engine", "kinematic")
checks = json.loads(run("info", "kinematic.h5", "--json"))["checks"]
assert all(v["good"] for v in checks) and any("single scattering" in v["text"] for v in checks), checks
os.remove("kinematic.h5")
atoms = json.loads(run("info", glass, "--json"))
assert atoms["atoms"] == 4000 and atoms["composition"] == {"Cu": 2574, "Zr": 1426}
assert abs(atoms["mass_density_g_cm3"] - 7.51) < 0.005  # what the model was made to be

run("plot", "scan.h5", "-o", "all.png")
run("plot", "scan.h5", "-o", "one.png", "--at", "3,2", "--display", "sqrt", "--q-limit", "0.5")
run("plot", "scan.h5", "-o", "map.png", "--dataset", "/simulation/detectors/haadf")
width, height = png_size("all.png")
assert width > png_size("one.png")[0] > 400 and height > 400
png_size("map.png")
commands.refuse(2, "exists", "plot", "scan.h5", "-o", "map.png")
commands.refuse(2, "4 x 3", "plot", "scan.h5", "-o", "x.png", "--at", "4,0")
commands.refuse(2, "ROW,COLUMN", "plot", "scan.h5", "-o", "x.png", "--at", "three")
commands.refuse(3, "/simulation/detectors/haadf", "plot", "scan.h5", "-o", "x.png", "--dataset", "/haadf")
commands.refuse(3, "format is not recognised", "plot", commands.source / "README.md", "-o", "x.png")
run("plot", glass, "-o", "model.png")
width, height = png_size("model.png")
assert width > 800 and height > 800
commands.refuse(3, "no such file", "info", "absent.h5")

run("report", "scan.h5", "-o", "page.html", "--title", "A <glass>")
page = open("page.html", encoding="utf-8").read()
assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
assert "A &lt;glass&gt;" in page
assert page.count("data:image/png;base64,") >= 3
assert "<script" not in page and not re.search(r"(src|href)=\"(?!data:)", page), "the page must stand alone"
assert "--config simulate.ini" in page and "semiangle" in page
assert sorted(os.listdir()) == ["all.png", "map.png", "model.png", "one.png", "page.html", "scan.h5"], os.listdir()

# how to do it again: the command of the page really does it, whatever the names of the files hold
name, output = "it's $(echo one), \"two\"; three.xyz", "a result, of `two` files & more.h5"
os.mkdir("again")
for place in (".", "again"):
    with open(os.path.join(place, name), "w") as model:
        model.write('8\nLattice="8 0 0 0 8 0 0 0 8" Properties=species:S:1:pos:R:3\n')
        model.writelines(f"Cu {4 * x + 0.1 * y} {4 * y} {4 * z + 0.2 * x}\n" for x in (0, 1) for y in (0, 1) for z in (0, 1))
run("structure", name, "-o", output, "--only", "voronoi")
run("report", output, "-o", "again.html")
page = open("again.html", encoding="utf-8").read()
command = html.unescape(re.search(r"<pre>(vitrobeam structure .*?)</pre>", page, re.S).group(1))
ini = html.unescape(re.search(r"<summary>structure.ini</summary><pre>(.*?)</pre>", page, re.S).group(1))
with open("again/structure.ini", "w") as text:
    text.write(ini)
done = subprocess.run(["sh", "-c", command.replace("vitrobeam", '"$PROGRAM"', 1)], cwd="again", capture_output=True, text=True,
                      env={**os.environ, "PROGRAM": str(commands.program)})
commands.check(f"{command}\n{done.stdout}{done.stderr}", done.returncode == 0)
commands.check(f"again: {os.listdir('again')}", sorted(os.listdir("again")) == sorted([name, output, "structure.ini"]))
commands.finish()
