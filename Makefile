# make test    the whole suite on SQLite and on a PostgreSQL of its own; installs what is missing where it may
# make check   formatting, vet, staticcheck, the arrows between packages, go.mod
# make bench   what a refresh costs, on a PostgreSQL that flushes every commit to the disk; BENCHTIME for one measurement,
#              BENCHFLAGS for more (--json, --gate 200, --runs 5: go run ./e2e/bench --help)
# make bench-console     what each page of the console takes over 100,000 users and a million sessions
# make drop-time         how long apps accept what belongs to an ended session, and the picture of it; exits 1 where the
#              bound of 60 s was passed; DROPFLAGS for more (go run ./e2e/droptime --help)
# make drop-time-faults  the same, smaller, while one thing after the other breaks; FAULTS for some of them
# make model   STEPS random steps of sessions and tokens on each engine, compared with a model (op/model_test.go)
# make import  an import of USERS users on each engine, whose server is killed in its middle; says users/s
# make fuzz    every fuzz target for FUZZTIME
# make screenshots  the README's pictures, and every page in every look under ALBUM or a new directory

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := test

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
FUZZTIME    ?= 30s
BENCHTIME   ?= 2s
STEPS       ?= 1000000
USERS       ?= 100000
BENCHFLAGS  ?=
DROPFLAGS   ?=
FAULTS      ?= kill postgres-restart postgres-crash notifications clock hang apps
export ALBUM ?=
# One PostgreSQL serves every package, so that each need not start one of its own.
WITH_POSTGRES := go run ./internal/pgtest/run
# The packages that the race detector is worth its price in: all but the journeys, whose time goes into Chromium.
UNRACED := ^github.com/curfew-id/curfew/(e2e|cmd)(/|$$)
# SQLite is C turned into Go: watching its memory too finds nothing of ours and costs ten times what everything else does.
RACE := -race -gcflags=modernc.org/...=-race=false
# `make check` vets. CI runs every test anew, whatever passed before.
ONCE := -vet=off $(if $(CI),-count=1)

.PHONY: test
test: tools
	@$(WITH_POSTGRES) -- $(MAKE) --no-print-directory suite

# suite is the tests alone, on the PostgreSQL that CURFEW_TEST_POSTGRES names. The second half runs also when
# the first has failed.
.PHONY: suite
suite:
	@packages=$$(go list ./...)
	raced=$$(grep -Ev '$(UNRACED)' <<<"$$packages" || true)
	rest=$$(grep -E '$(UNRACED)' <<<"$$packages" || true)
	failed=0
	if [ -n "$$raced" ]; then CGO_ENABLED=1 go test $(RACE) $(ONCE) -p 3 -timeout 30m $$raced || failed=1; fi
	if [ -n "$$rest" ]; then go test $(ONCE) -p 2 -timeout 40m $$rest || failed=1; fi
	exit $$failed

# tools brings what the tests need beside Go: a C compiler for the race detector, PostgreSQL, Chromium, and
# Node.js with what the browser clients under test come from npm with.
.PHONY: tools
tools:
	@command -v go >/dev/null || { echo "install Go 1.26 or newer: https://go.dev/dl/" >&2; exit 1; }
	has() { for name in "$$@"; do if command -v "$$name" >/dev/null; then return 0; fi; done; return 1; }
	missing=()
	has gcc || missing+=(gcc libc6-dev)
	has initdb /usr/lib/postgresql/*/bin/initdb || missing+=(postgresql)
	has chromium chromium-browser google-chrome google-chrome-stable || missing+=(chromium)
	has node || missing+=(nodejs)
	has npm || missing+=(npm)
	if [ $${#missing[@]} -gt 0 ]; then
		if [ "$$(id -u)" != 0 ] || ! has apt-get; then
			echo "the tests need more: apt-get install $${missing[*]}" >&2
			exit 1
		fi
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq </dev/null
		apt-get install -y -qq --no-install-recommends "$${missing[@]}" </dev/null
	fi
	find . -name node_modules -prune -o -name package-lock.json -print | while read -r lock; do
		dir=$$(dirname "$$lock")
		if [ ! -e "$$dir/node_modules/.package-lock.json" ] || [ "$$lock" -nt "$$dir/node_modules/.package-lock.json" ]; then
			npm ci --no-audit --no-fund --prefix "$$dir" </dev/null
		fi
	done

.PHONY: check
check:
	@unformatted=$$(find . -name node_modules -prune -o -name '*.go' -print0 | xargs -0 gofmt -l)
	if [ -n "$$unformatted" ]; then
		printf 'not formatted, run gofmt -w:\n%s\n' "$$unformatted" >&2
		exit 1
	fi
	go vet ./...
	go run $(STATICCHECK) ./...
	go test -count=1 ./internal/arch
	# Without a network there is an error and no diff: nothing is known, and nothing is failed for it.
	said=$$(mktemp)
	trap 'rm -f "$$said"' EXIT
	if ! diff=$$(go mod tidy -diff 2>"$$said"); then
		if [ -n "$$diff" ]; then
			printf 'go.mod is not tidy, run go mod tidy:\n%s\n' "$$diff" >&2
			exit 1
		fi
		echo "go.mod not checked: $$(tail -n 1 "$$said")" >&2
	fi

# bench is built and then run, because `go run` would hide its exit code: 1 where the gate is missed.
.PHONY: bench
bench:
	@bin=$$(mktemp -d)
	trap 'rm -rf "$$bin"' EXIT
	go build -o "$$bin/bench" ./e2e/bench
	"$$bin/bench" -time '$(BENCHTIME)' $(BENCHFLAGS)

# bench-console fails where a page takes longer than 100 ms.
.PHONY: bench-console
bench-console:
	@go test -v ./e2e -run '^$$' -bench '^BenchmarkConsole$$' -benchtime 1x -timeout 20m

# drop-time is built and then run, as bench is.
.PHONY: drop-time
drop-time: tools
	@bin=$$(mktemp -d)
	trap 'rm -rf "$$bin"' EXIT
	go build -o "$$bin/droptime" ./e2e/droptime
	"$$bin/droptime" -picture docs/img/drop-time.svg $(DROPFLAGS)

# drop-time-faults goes on behind a fault that broke the bound, and fails at the end.
.PHONY: drop-time-faults
drop-time-faults: tools
	@bin=$$(mktemp -d)
	trap 'rm -rf "$$bin"' EXIT
	go build -o "$$bin/droptime" ./e2e/droptime
	failed=0
	for fault in $(FAULTS); do
		echo "== $$fault"
		sessions=600
		[ "$$fault" != apps ] || sessions=2000
		"$$bin/droptime" -fault "$$fault" -sessions "$$sessions" -ends 300 -browsers 0 -warm 10s -window 30s $(DROPFLAGS) || failed=1
	done
	exit $$failed

.PHONY: model
model:
	@go test -count=1 -v -timeout 0 -run '^TestModel$$' ./op -args -model.steps='$(STEPS)'

.PHONY: import
import:
	@go test -count=1 -v -timeout 30m -run '^TestImportSurvivesKill$$' ./cmd/curfew -args -import.users='$(USERS)'

# fuzz runs one target after the other: the go command fuzzes one at a time.
.PHONY: fuzz
fuzz:
	@found=$$(grep -rnoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]+' . || true)
	[ -n "$$found" ] || { echo "no fuzz targets" >&2; exit 1; }
	failed=0
	while IFS=: read -r file _ func; do
		name=$${func#func }
		echo "== $$(dirname "$$file") $$name"
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime '$(FUZZTIME)' -fuzzminimizetime 10x "$$(dirname "$$file")" </dev/null || failed=1
	done <<<"$$found"
	exit $$failed

.PHONY: screenshots
screenshots: tools
	@album=$$(realpath -m "$${ALBUM:-$$(mktemp -d)}")
	go test -count=1 -run '^(TestPictures|TestTour|TestSamples)$$' ./e2e -args -pictures '$(CURDIR)/docs/img' -album "$$album"
	echo "docs/img is new, and every page is in $$album"
