#!/usr/bin/python3
"""info, plot and report on a simulated scan: show_test.py PROGRAM SOURCE_DIR. Standard library only."""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

program, source = sys.argv[1:]
folder = tempfile.mkdtemp(prefix="vitrobeam_show_test_")
glass = os.path.join(source, "examples", "Cu64.5Zr35.5_4000_glass_300K.extxyz")


def run(*arguments, status=0):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == status, f"{arguments}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if status == 0 else done.stderr


def png_size(name):
    data = open(os.path.join(folder, name), "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[-8:-4] == b"IEND", name
    return struct.unpack(">II", data[16:24])


run("simulate", glass, "-o", "scan.h5", "--scan", "3x4", "--grid", "128", "--q-max", "0.8", "--detector", "haadf=15:22")

described = json.loads(run("info", "scan.h5", "--json"))
shapes = {d["path"]: d["shape"] for d in described["datasets"]}
assert shapes["/simulation/patterns"][:2] == [4, 3], shapes
assert described["parameters"]["energy"] == 200
assert any(v["good"] and "4000 atoms" in v["text"] for v in described["verdicts"]), described["verdicts"]
assert "haadf" in run("info", "scan.h5")
run("simulate", glass, "-o", "kinematic.h5", "--grid", "128", "--engine", "kinematic")
verdicts = json.loads(run("info", "kinematic.h5", "--json"))["verdicts"]
assert all(v["good"] for v in verdicts) and any("single scattering" in v["text"] for v in verdicts), verdicts
os.remove(os.path.join(folder, "kinematic.h5"))
atoms = json.loads(run("info", glass, "--json"))
assert atoms["atoms"] == 4000 and atoms["composition"] == {"Cu": 2574, "Zr": 1426}
assert abs(atoms["mass_density_g_cm3"] - 7.51) < 0.005  # what the model was made to be

run("plot", "scan.h5", "-o", "all.png")
run("plot", "scan.h5", "-o", "one.png", "--at", "3,2", "--display", "sqrt", "--q-limit", "0.5")
run("plot", "scan.h5", "-o", "map.png", "--dataset", "/simulation/detectors/haadf")
width, height = png_size("all.png")
assert width > png_size("one.png")[0] > 400 and height > 400
png_size("map.png")
assert "exists" in run("plot", "scan.h5", "-o", "map.png", status=2)
assert "4 x 3" in run("plot", "scan.h5", "-o", "x.png", "--at", "4,0", status=2)
assert "ROW,COLUMN" in run("plot", "scan.h5", "-o", "x.png", "--at", "three", status=2)
assert "/simulation/detectors/haadf" in run("plot", "scan.h5", "-o", "x.png", "--dataset", "/haadf", status=3)
assert "format is not recognised" in run("plot", os.path.join(source, "README.md"), "-o", "x.png", status=3)
run("plot", glass, "-o", "model.png")
width, height = png_size("model.png")
assert width > 800 and height > 800
assert "no such file" in run("info", "absent.h5", status=3)

run("report", "scan.h5", "-o", "page.html", "--title", "A <glass>")
page = open(os.path.join(folder, "page.html"), encoding="utf-8").read()
assert page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>")
assert "A &lt;glass&gt;" in page
assert page.count("data:image/png;base64,") >= 3
assert "<script" not in page and not re.search(r"(src|href)=\"(?!data:)", page), "the page must stand alone"
assert "--config simulate.ini" in page and "semiangle" in page
assert sorted(os.listdir(folder)) == ["all.png", "map.png", "model.png", "one.png", "page.html", "scan.h5"], os.listdir(folder)
