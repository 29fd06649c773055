# The test rings: ./dev test. Sourced by ./dev.
#
# What is compiled how often: everything once as a release with LTO, file by file, unit tests
# included (without LTO); everything once more with ASan and UBSan, with debug assertions; with
# TSan only the broker itself and the unit tests that use threads; with clang only the decoders.
# With sanitizers eight files are compiled as one, which takes half as long.

rings=(style release unit sim wire client client-reference differential crash instructions
  asan asan-unit asan-sim asan-wire asan-client
  tsan tsan-unit tsan-wire tsan-client fuzz-build fuzz)
build_rings=(release asan tsan fuzz-build)

logs=build/logs

ring_style() { tests/style/check.py; }

build_with() {
  local preset=$1
  shift
  configure "$preset"
  cmake --build --preset "$preset" --target "$@"
}

ring_release() { build_with release ternmq unit_tests ternmq_client_shared; }
ring_unit() { tests/unit/run build/release; }
# Other seeds each time: a fault prints its own (tests/sim/sim_main.cpp), and becomes a test.
ring_sim() { build/release/tests/sim_broker --seconds 20; }
ring_wire() { tests/wire/run; }
ring_client() { tests/client/run; }
# Our own client with Debian's rabbitmq-server, and the move from there; see "differential".
ring_client-reference() { tests/client/run --reference sdk sdk-faults move; }
# Against Debian's rabbitmq-server. It brings a service on port 5672 with it, so nobody gets it
# unasked: .ci/run asks with TERNMQ_TEST_PACKAGES, and without it this ring fails and says why.
ring_differential() { tests/differential/run; }
ring_crash() { tests/crash/run; }

ring_instructions() {
  build_with release publish_path commit_path
  tests/bench/instructions
}

# Sanitizers write what they find to files; sanitized fails if there are any, because a broker that
# a test has started may report at its end, when nobody looks at its exit code any more.
sanitized() {
  local reports=$PWD/$logs/$ring-reports tsan_supp=$PWD/tests/support/tsan.supp code=0
  rm -rf "$reports"
  mkdir -p "$reports"
  ASAN_OPTIONS="log_path=$reports/asan:detect_stack_use_after_return=1" \
    UBSAN_OPTIONS="print_stacktrace=1" \
    TSAN_OPTIONS="log_path=$reports/tsan:second_deadlock_stack=1:suppressions=$tsan_supp" \
    TERNMQ_TEST_PATIENCE=4 "$@" || code=$?
  local report
  for report in "$reports"/*; do
    [ -e "$report" ] || continue
    echo "FAIL a sanitizer reports: $report"
    head -n 40 "$report"
    code=1
  done
  return $code
}

ring_asan() { build_with asan ternmq unit_tests; }
ring_asan-unit() { sanitized tests/unit/run build/asan; }
ring_asan-sim() { sanitized build/asan/tests/sim_broker --seconds 20; }
ring_asan-wire() { TERNMQ_BINARY=$PWD/build/asan/ternmq sanitized tests/wire/run --jobs 4; }

ring_asan-client() {
  TERNMQ_BINARY=$PWD/build/asan/ternmq sanitized tests/client/run sdk sdk-tls sdk-faults
}

ring_tsan() { build_with tsan ternmq unit_tests_with_threads; }
ring_tsan-unit() { sanitized tests/unit/run build/tsan; }
# More shards than the machine has processors, so that everything crosses threads.
many_shards() {
  TERNMQ_BINARY=$PWD/tools/ternmq-with-shards SHARDED_BINARY=$PWD/build/tsan/ternmq \
    sanitized "$@"
}
ring_tsan-wire() { many_shards tests/wire/run --jobs 4; }
ring_tsan-client() { many_shards tests/client/run amqplib pika tools librabbitmq go examples sdk; }

ring_fuzz-build() { build_with fuzz fuzz_targets; }
ring_fuzz() {
  local output code=0
  output=$(tests/fuzz/run 10 build/fuzz) || code=$?
  printf '%s\n' "$output"
  printf '%d passed, %d failed\n' "$(grep -c '^ok' <<<"$output")" "$(grep -c '^FAIL' <<<"$output")"
  return $code
}

# Rings of which another one needs the result.
needs() {
  case $1 in
    unit | sim | wire | client* | differential | crash | instructions) echo release ;;
    asan-*) echo asan ;;
    tsan-*) echo tsan ;;
    fuzz) echo fuzz-build ;;
  esac
}

# A ring that hangs must not keep the others from running.
ring_seconds_max=1500

ring_pid=
# timeout passes the signal on to everything in the ring's process group.
trap '[ -z "$ring_pid" ] || kill "$ring_pid"; exit 130' INT TERM

# Runs one ring with its output in a log; sets passed, failed and seconds.
run_ring() {
  local ring=$1 log=$logs/$1.log code=0 counts started=$SECONDS
  say "--- $ring"
  timeout -k 10 "$ring_seconds_max" "$PWD/dev" test --one "$ring" >"$log" 2>&1 </dev/null &
  ring_pid=$!
  wait "$ring_pid" || code=$?
  ring_pid=
  seconds=$((SECONDS - started))
  [ $code -ne 124 ] || echo "still running after $ring_seconds_max s" >>"$log"
  counts=$(sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
  read -r passed failed <<<"${counts:-0 0}"
  if [ -z "$counts" ]; then
    # A build is one test and does not count; tests that do not count did not come to their end.
    passed=0 failed=1
    if [ $code -eq 0 ] && [[ " ${build_rings[*]} " == *" $ring "* ]]; then
      passed=1 failed=0
    fi
  elif [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
  elif [ "$code" -eq 0 ] && [ "$passed" -eq 0 ]; then
    echo "FAIL the ring ran nothing" >>"$log"
    failed=1
  fi
  if [ "$failed" -ne 0 ]; then
    grep -nE 'FAIL|FAILED|: error|error:' "$log" | head -n 20 >&2 || true
    tail -n 15 "$log" >&2
  fi
}

# run_tests [RING…]
run_tests() {
  if [ "${1:-}" = --one ]; then
    ring=$2
    # Debian's python3 and node, which have the packages that the tests use.
    PATH=/usr/bin:$PATH
    "ring_$2"
    return
  fi
  local -a chosen=() table=()
  local name need all_passed=0 all_failed=0
  declare -A result=()
  for name in "$@"; do
    declare -F "ring_$name" >/dev/null || die "no test ring '$name'; there are: ${rings[*]}"
    need=$(needs "$name")
    [ -z "$need" ] || [[ " ${chosen[*]} " == *" $need "* ]] || chosen+=("$need")
    [[ " ${chosen[*]} " == *" $name "* ]] || chosen+=("$name")
  done
  [ ${#chosen[@]} -gt 0 ] || chosen=("${rings[@]}")
  local -a wanted
  read -ra wanted <<<"${TERNMQ_TEST_PACKAGES:-}"
  install_packages "${test_packages[@]}" "${wanted[@]}"
  mkdir -p "$logs"

  local passed failed seconds started=$SECONDS
  for name in "${chosen[@]}"; do
    need=$(needs "$name")
    if [ -n "$need" ] && [ "${result[$need]:-0}" -ne 0 ]; then
      passed=0 failed=1 seconds=0
      echo "not run: the ring $need has failed" >"$logs/$name.log"
    else
      run_ring "$name"
    fi
    result[$name]=$failed
    all_passed=$((all_passed + passed))
    all_failed=$((all_failed + failed))
    table+=("$(printf '%-16s %7d %7d %6d s  %s' "$name" "$passed" "$failed" "$seconds" \
      "$logs/$name.log")")
  done
  printf '\n%-16s %7s %7s %8s  %s\n' ring passed failed time log
  printf '%s\n' "${table[@]}"
  printf 'all together %d s\n' "$((SECONDS - started))"
  printf '%d passed, %d failed\n' "$all_passed" "$all_failed"
  [ "$all_failed" -eq 0 ]
}
