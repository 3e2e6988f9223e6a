#!/bin/sh
# Wrong input of every kind: exit status, a message that names the value, nothing left behind.
. "$(dirname "$0")/commands.sh"

good() {
  printf '2\nLattice="12 0 0 0 12 0 0 0 4" Properties=species:S:1:pos:R:3 pbc="T T T"\nCu 3 3 1\nZr 6 6 2\n'
}
good > good.xyz
good | sed 's/Cu 3 3 1/Cu nan 3 1/' > nan.xyz
good | sed 's/Cu 3/Qq 3/' > element.xyz
good | sed 's/Cu 3 3 1/Cu 3 3/' > columns.xyz
good | sed '$d' > truncated.xyz
good | sed 's/Zr 6 6 2/Zr 6 6 5/' > outside.xyz
good | sed 's/12 0 0 0 12/12 0 0 0 0/' > box.xyz
: > empty.xyz
printf 'enrgy = 200\n' > key.ini
printf 'energy = abc\n' > value.ini
printf '1 2\n3 x\n' > positions.txt
points() { for q in 0 0.5 1 2 4; do echo "$1,$q,$2"; done; }
{ points Cu 1; points Zr 2; } > points.csv
points Cu 1 > copper.csv
{ points Cu 1; points Zr 2; } | sed '/,[24],/d;s/,0.5,/,0.3,/' > ends.csv; sed -i 's/\(.*\),0.3,\(.*\)/&\n\1,0.6,\2/' ends.csv
printf '# a b\nCu,kirkland,1,1,1,-1,1,1,1,1,1,1,1,1\n' > width.csv
echo 'Cu,kirkland,1,1,1' > short.csv
printf 'Cu,0,5\nCu,0,4\n' > order.csv
printf 'Cu,lobato,1,1,1,1,1,1,1,1,1,1\nCu,lobato,1,1,1,1,1,1,1,1,1,1\n' > twice.csv
good | sed 's/pos:R:3/pos:R:3:u_rms:R:1/;s/Cu .*/& 0.1/;s/Zr .*/& -1/' > motion.xyz
good | sed 's/pos:R:3/pos:R:3:occupancy:R:1/;s/Cu .*/& 1.5/;s/Zr .*/& 1/' > occupancy.xyz
echo precious > exists.h5

run="simulate good.xyz -o new.h5 --grid 64 --semiangle 10"

refuse 2 "did you mean 'simulate'" simulte
refuse 2 "did you mean '--energy'" simulate good.xyz -o new.h5 --enrgy 200
refuse 2 "key.ini:1: unknown key 'enrgy'; did you mean 'energy'" simulate good.xyz -o new.h5 --config key.ini
refuse 2 "value.ini:1" simulate good.xyz -o new.h5 --config value.ini
refuse 2 "--config none.ini" simulate good.xyz -o new.h5 --config none.ini
refuse 2 "--energy -200" $run --energy -200
refuse 2 "--energy 200000" $run --energy 200000
refuse 2 "unknown unit 'kg'" $run --energy 200kg
refuse 2 "--energy 'abc'" $run --energy abc
refuse 2 "--energy 'nan'" $run --energy nan
refuse 2 "--pixel 0" simulate good.xyz -o new.h5 --pixel 0
refuse 2 "--pixel -0.1" simulate good.xyz -o new.h5 --pixel -0.1
refuse 2 "give a larger --pixel" simulate good.xyz -o new.h5 --pixel 1e-9
refuse 2 "--slice 0" $run --slice 0
refuse 2 "give thicker ones" $run --slice 1e-9
refuse 2 "--slice -2" $run --slice -2
refuse 2 "--semiangle 0" simulate good.xyz -o new.h5 --semiangle 0
refuse 2 "--semiangle -3" simulate good.xyz -o new.h5 --semiangle -3
refuse 2 "--grid 63x63" simulate good.xyz -o new.h5 --semiangle 10 --grid 63
refuse 2 "--grid 'a'" simulate good.xyz -o new.h5 --semiangle 10 --grid axb
refuse 2 "--grid and --pixel" $run --pixel 0.1
refuse 2 "--potential 'kirk'" $run --potential kirk
refuse 2 "--detector 'haadf'" $run --detector haadf
refuse 2 "0 <= inner < outer" $run --detector a=50:20
refuse 2 "write 0.2% if you mean that, or 20%" $run --wrap-limit 0.2
refuse 2 "two detectors" $run --detector a=20:30 --detector a=20:30
refuse 2 "nothing is left to record" $run --patterns none
refuse 2 "--at '3'" $run --at 3
refuse 2 "give one of them" $run --at 3,3 --scan 2x2
refuse 2 "--scan '0x3'" $run --scan 0x3
refuse 2 "--scan ''" $run --scan 4x
refuse 2 "--at '3,3,'" $run --at 3,3,
refuse 2 "--box '12x12'" $run --box 12x12
refuse 2 "out of range" $run --seed 18446744073709551615
refuse 2 "out of range" $run --frame -9223372036854775808
refuse 2 "given twice" $run --energy 200 --energy 300
refuse 2 "unexpected argument" simulate good.xyz more.xyz -o new.h5
refuse 2 "no output" simulate good.xyz
refuse 2 "name the file of atoms" simulate -o new.h5
refuse 2 "exists; give --force" simulate good.xyz -o exists.h5 --semiangle 10 --grid 64
refuse 2 "the folder nowhere does not exist" simulate good.xyz -o nowhere/new.h5
refuse 2 "without --u-rms" $run --phonons 3
refuse 2 "says nothing of Zr" $run --phonons 3 --u-rms Cu=0.08
refuse 2 "SYMBOL=ANGSTROM" $run --phonons 3 --u-rms Qq=0.08
refuse 2 "no effect without --phonons" $run --u-rms 0.08
refuse 2 "no effect without --phonons" $run --phonons-until 2%
refuse 2 "no effect without --phonons" $run --elastic
refuse 2 "give one of them" $run --phonons 3 --u-rms 0.08 --debye-waller 0.08
refuse 2 "give --debye-waller" $run --absorption
refuse 2 "--debye-waller 3: expected 0 to 2" $run --debye-waller 3
refuse 2 "--frames '0:9'" $run --frames 0:9
refuse 2 "--frames '5'" $run --frames 5
refuse 2 "the end is excluded" $run --frames 0:0
refuse 2 "displaced already" $run --frames :: --phonons 3 --u-rms 0.08
refuse 2 "--phonons-until 0" $run --phonons 3 --u-rms 0.08 --phonons-until 0%
refuse 2 "use --potential kirkland or lobato" $run --absorption --debye-waller 0.08 --factor-table points.csv
refuse 2 "--projection finite" $run --projection finite --factor-table points.csv
refuse 3 "none.csv" $run --factor-table none.csv
refuse 3 "width.csv:2: parameter 4 of Cu kirkland is -1" $run --factor-table width.csv
refuse 3 "short.csv:1" $run --factor-table short.csv
refuse 3 "order.csv:2: q = 0 of Cu does not follow 0" $run --factor-table order.csv
refuse 3 "twice.csv:2: Cu occurs twice" $run --factor-table twice.csv
refuse 4 "says nothing of Zr" $run --factor-table copper.csv
refuse 4 "known up to q = 1" $run --factor-table ends.csv
refuse 3 "label u_rms of atom 2 (Zr) is -1" simulate motion.xyz -o new.h5 --grid 64 --semiangle 10 --phonons 2 --u-rms model
refuse 3 "the occupancy of atom 1 (Cu) is 1.5" simulate occupancy.xyz -o new.h5 --grid 64 --semiangle 10
refuse 2 "have no mean" $run --phonons 3 --u-rms 0.08 --exit-wave
refuse 2 "--aberrations 'C13=2'" $run --aberrations C13=2
refuse 2 "turn the model instead" $run --beam-tilt 100,0
refuse 2 "turn the model instead" $run --specimen-tilt 40,0
refuse 2 "--detector 'a=20:30/1'" $run --detector a=20:30/1
refuse 2 "into whole rings" $run --detector a=20:30:3
refuse 2 "--detector 'c=com:1:2'" $run --detector c=com:1:2
refuse 2 "two detectors" $run --detector a=20:30/2 --detector a_1=20:30
refuse 2 "give both of them" $run --camera-length 100mm
refuse 2 "give one of them" $run --camera-length 100mm --camera-pixel 55um --bin 2
refuse 2 "--aperture-ellipse 0.5" $run --aperture-ellipse 0.5
refuse 2 "below the semi-angle" $run --aperture-inner 12
refuse 2 "no one exit wave" $run --exit-wave --focal-spread 50
refuse 2 "has no aperture and no source" simulate good.xyz -o new.h5 --grid 64 --mode plane-wave --source-size 1
plasmons="--plasmon-mean-free-path 1000 --plasmon-energy 15"
refuse 2 "--plasmon-mean-free-path -5" $run --plasmon-mean-free-path -5 --plasmon-energy 15
refuse 2 "--plasmon-mean-free-path 0" $run --plasmon-mean-free-path 0 --plasmon-energy 15
refuse 2 "--plasmon-energy -15" $run --plasmon-mean-free-path 1000 --plasmon-energy -15
refuse 2 "--plasmon-energy 2000" $run --plasmon-mean-free-path 1000 --plasmon-energy 2keV
refuse 2 "--plasmon-mean-free-path" $run --plasmon-energy 15
refuse 2 "--plasmon-energy" $run --plasmon-mean-free-path 1000
refuse 2 "--plasmon-mean-free-path" $run --energy-filter 10
refuse 2 "--energy-filter -10" $run $plasmons --energy-filter -10
refuse 2 "--plasmon-cutoff 0.01 mrad" $run $plasmons --plasmon-cutoff 0.01
refuse 4 "--plasmon-cutoff 90 mrad" $run $plasmons --plasmon-cutoff 90
refuse 4 "--plasmon-cutoff 90 mrad" $run $plasmons --plasmon-cutoff 90 --dry-run
refuse 2 "no wave in common" $run $plasmons --exit-wave
refuse 2 "leave it out, or --elastic" $run $plasmons --elastic --phonons 2 --u-rms 0.08
printf '2\nLattice="8 0 0 0 8 0 0 0 8"\nCu 2 2 4\nCu 6 6 4\n' >plane.xyz
refuse 4 "lie in one plane, a thickness of 0" simulate plane.xyz -o new.h5 --grid 64 --semiangle 10 $plasmons
refuse 3 "none.xyz" simulate none.xyz -o new.h5
refuse 2 "expected a number or FIRST:STEP:LAST" $run --defocus 0:10
refuse 2 "no step of -5 leads from 0 to 10" $run --defocus 0:-5:10
refuse 2 "--defocus 2000000" $run --defocus 0,2e6
refuse 2 "more than 1000 probes" $run --defocus 0:1:100 --cs 0:0.1:1
refuse 2 "needs --mode probe" simulate good.xyz -o new.h5 --grid 64 --mode plane-wave --defocus 0,10
refuse 2 "--aberrations" $run --aberrations C12=1:2
refuse 2 "give --engine smatrix" $run --interpolation 2 --engine multislice
refuse 2 "has no windows of a whole, even number" $run --interpolation 3
refuse 2 "keeps no waves" $run --interpolation 2 --exit-wave
refuse 2 "has no aperture" simulate good.xyz -o new.h5 --grid 64 --mode plane-wave --interpolation 2
refuse 4 "beyond half the window" $run --interpolation 4 --wrap-limit 5
refuse 3 "nan.xyz:3" simulate nan.xyz -o new.h5
refuse 3 "Qq" simulate element.xyz -o new.h5
refuse 3 "columns.xyz:3" simulate columns.xyz -o new.h5
refuse 3 "truncated.xyz" simulate truncated.xyz -o new.h5
refuse 3 "empty.xyz" simulate empty.xyz -o new.h5
refuse 3 "box.xyz" simulate box.xyz -o new.h5
refuse 3 "positions.txt:2" $run --positions positions.txt
refuse 4 "--wrap" simulate outside.xyz -o new.h5 --grid 64 --semiangle 10
refuse 4 "band limit of" $run --detector haadf=60:200
refuse 4 "band limit of" $run --detector haadf=60:200 --dry-run
refuse 4 "band limit of" $run --q-max 20
refuse 4 "band limit of" $run --detector seg=0:100/4
refuse 4 "band limit of" $run --detector c=com:100
refuse 4 "narrower than the sampling" $run --detector r=0:20:0.5
refuse 4 "beyond the band limit of" $run --camera-length 100mm --camera-pixel 1mm --camera-pixels 64
refuse 4 "finer than" $run --camera-length 100mm --camera-pixel 5um
refuse 4 "reaches beyond the band limit" simulate good.xyz -o new.h5 --grid 64 --semiangle 100
refuse 4 "under-sampled" simulate good.xyz -o new.h5 --grid 64 --semiangle 0.5
refuse 4 "use --pixel 0.0834 or coarser" simulate good.xyz -o new.h5 --semiangle 10 --pixel 0.08 --potential peng
refuse 4 "--wrap-limit 20 %" $run --defocus 2000
refuse 4 "of 10 mrad with defocus 2000 Angstrom lies beyond" $run --defocus 0,2000
refuse 4 "--wrap-limit 20 %" $run --source-size 20
refuse 4 "--wrap-limit 20 %" $run --focal-spread 2000
# the default pixel is no mistake: it follows a table that ends early
"$program" simulate good.xyz -o new.h5 --semiangle 10 --potential peng >out 2>err || complain "$(cat err)"
grep -q "144 x 144 of 0.0833" out && grep -q "known up to q = 4" err || complain "default pixel for peng: $(cat out err)"
rm -f new.h5 out err
grep -q precious exists.h5 || complain "an existing file was touched"
finish
