#!/usr/bin/env bash
# All that is to be measured on a machine with a GPU, in one go:
#
#   bash .gpu/all.sh [--out DIR] [--seconds 600] [--card NAME] [--small]
#
# `npm run bench:pack` puts this into .gpu/, beside what it runs. First the tests on the GPU: a time of wrong numbers is worth nothing.
# Then PyTorch, the bench, profiles, the autotuner, MNIST to 99 %, peers on Dawn, and the profiles beside the model of time. Each part
# has its share of the seconds, and ends where the whole would take longer. DIR gets a JSON and a log of each part, and stages.tsv
# with their ends. --small: the same parts with little work, for a look on a software adapter. Ends with 1 where a part failed.
set -uo pipefail
kit=$(cd "$(dirname "$0")" && pwd)
out=${OUT:-gpu-results} seconds=600 small= card=
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --card) card=$2; shift ;;
    --small) small=1 ;;
    *) echo "all.sh: --out DIR, --seconds N, --card NAME or --small, not $1" >&2; exit 2 ;;
  esac
  shift
done
mkdir -p "$out"
: > "$out/stages.tsv"
failed=0

# stage NAME MOST_SECONDS COMMAND…
stage() {
  local name=$1 most=$2 left=$((seconds - SECONDS)) began=$SECONDS rc
  shift 2
  if [ $left -lt 5 ]; then
    printf '%s\tno time\t0\n' "$name" >> "$out/stages.tsv"
    echo "$name: there was no time left"
    failed=1
    return 0
  fi
  [ "$most" -lt $left ] && left=$most
  timeout -k 5 $left "$@" > "$out/$name.log" 2>&1
  rc=$?
  printf '%s\t%s\t%s\n' "$name" $rc $((SECONDS - began)) >> "$out/stages.tsv"
  echo "== $name: exit $rc after $((SECONDS - began)) s"
  tail -n 12 "$out/$name.log"
  [ $rc -eq 0 ] || failed=1
}
# run NAME MOST_SECONDS SCRIPT ARG…: a stage that is a packed script.
run() {
  local name=$1 most=$2 script=$3
  shift 3
  stage "$name" "$most" bash "$kit/run.sh" "$kit/$script" "$@"
}

if [ -n "$small" ]; then
  tests=(--only kernels_matmul,kernels_pool) batches=1,4 inferred=1 peered=1 nets=resnet32:1 kernels=matmul:64 rounds=2
  profiled=reference:4 tuned=reference:4 digits=(--limit 512 --goal 0.05 --epochs 1) device=(--device cpu)
else
  tests=() batches=1,16,61,64,256,1024 inferred=1,64 peered=64 nets=vgg64:64,vgg224:8,resnet32:128 rounds=9
  kernels=matmul:1024,matmul:4096,conv:32:56:64,conv:32:28:128,conv:32:28:256
  profiled=reference:1,reference:16,reference:64,reference:256,reference:1024,vgg64:64,vgg224:8,resnet32:128
  tuned=reference:64,vgg64:64 digits=() device=()
fi

# All cases: a third of them is for every day.
export CORTEZA_WHOLE=1
run tests 150 tests.mjs --seconds 120 "${tests[@]}" --out "$out/tests.json"
python=${PYTHON:-python3}
if "$python" -c 'import torch' 2>/dev/null; then
  stage pytorch 120 "$python" "$kit/pytorch.py" --batches $batches --nets $nets --rounds $rounds "${device[@]}" --out "$out/pytorch.json"
else
  printf 'pytorch\tabsent\t0\n' >> "$out/stages.tsv"
  echo "$python has no PyTorch here: nothing beside which to put our times (PYTHON names another)"
fi
against=()
[ -s "$out/pytorch.json" ] && against=(--against "$out/pytorch.json")
run bench 150 bench.mjs --batches $batches --infer-batches $inferred --nets $nets --kernels $kernels \
  --rounds $rounds "${against[@]}" --out "$out/bench.json"
run profile 90 measure.mjs profile --works $profiled --out "$out/profile.json"
[ -s "$out/profile.json" ] && run table 30 measure.mjs table --predictions "$kit/predictions.json" \
  --profile "$out/profile.json" ${card:+--card "$card"}
run autotune 60 measure.mjs autotune --works $tuned --rounds $rounds --out "$out/autotune.json"
run mnist 60 measure.mjs mnist --data "$kit/mnist" "${digits[@]}" --out "$out/mnist.json"
run peers 120 bench.mjs --only train --batches $peered --rounds $rounds --peers jax-js,tfjs-webgpu \
  --out "$out/peers.json"

echo "all of it took $SECONDS s; results are in $out"
exit $failed
