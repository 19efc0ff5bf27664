# Reelcheck. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/reelcheck
GINKGO_PKGS := ./conformance/...
FUZZTIME ?= 30s
OUT ?= report

GOLANGCI := $(CACHE)/golangci-lint-v2.14.0
MINIO_MODULE := github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
MINIO := $(CACHE)/minio-20260212
AZURITE_VERSION := 3.35.0
AZURITE := $(CACHE)/azurite-blob-$(AZURITE_VERSION).js
WERIFT_VERSION := 0.25.2
WERIFT := $(CACHE)/werift-$(WERIFT_VERSION)

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/archived, its bin/archived-decoder and bin/archived-encoder, and bin/conform
	go build -buildvcs=auto -o bin/ ./reference/cmd/archived ./reference/cmd/archived-decoder ./reference/cmd/archived-encoder ./conformance/cmd/conform

# $(call debian,PROBE,PACKAGES) installs packages unless the probe finds what they hold.
debian = @{ $(1); } >/dev/null 2>&1 || { sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	$$sudo apt-get update -q && $$sudo apt-get install -q -y --no-install-recommends $(2); }

.PHONY: ffmpeg openssl curl postgresql gstreamer gcc browsers webrtcbin node
ffmpeg: # decodes and encodes for archived and decodes for conform
	$(call debian,command -v ffmpeg,ffmpeg)
openssl: # what users decrypt archives with, and the tests of it
	$(call debian,command -v openssl,openssl)
postgresql: # tests start servers of their own
	$(call debian,ls /usr/lib/postgresql/*/bin/initdb || command -v initdb,postgresql)
curl: # what prepares the applications of a server
	$(call debian,command -v curl,curl)
gcc: # the race detector links with it
	$(call debian,command -v gcc && echo '#include <stdlib.h>' | gcc -E -,gcc libc6-dev)
gstreamer: # what `make bench` compares with
	$(call debian,command -v gst-launch-1.0,gstreamer1.0-tools gstreamer1.0-libav gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
	  gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly)
browsers: # what `make publishers` records
	$(call debian,command -v chromium && command -v firefox-esr && command -v pulseaudio,chromium firefox-esr pulseaudio)
webrtcbin:
	$(call debian,gst-inspect-1.0 webrtcbin && gst-inspect-1.0 nicesrc && ls /usr/lib/*/girepository-1.0/GstWebRTC-1.0.typelib && /usr/bin/python3 -c 'import gi', \
	  gstreamer1.0-tools gstreamer1.0-nice gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad python3-gi gir1.2-gst-plugins-bad-1.0)
node:
	$(call debian,command -v npm,nodejs npm)

.PHONY: conformance
conformance: ffmpeg build ## Start archived on its defaults, judge it, write report/
	bin/conform run --target conformance/targets/archived.yaml --out $(OUT)

.PHONY: conformance-plain
conformance-plain: ffmpeg curl build ## The same without the control API, with applications prepared by hand; and with a single one, without an upload target
	bin/conform run --target conformance/targets/plain.yaml --out $(OUT)-plain
	bin/conform run --target conformance/targets/plain-cloud.yaml --out $(OUT)-plain-cloud

.PHONY: conformance-command conformance-browser chromium
conformance-command: ffmpeg build ## The same with clients of an adapter: conformance/cmd/whip-adapter, by spec/publisher-protocol.md
	go build -o bin/ ./conformance/cmd/whip-adapter
	bin/conform run --target conformance/targets/command.yaml --out $(OUT)-command

conformance-browser: ffmpeg chromium build ## The same with clients in a headless Chromium
	go test ./conformance/publisher/browser -chromium
	bin/conform run --target conformance/targets/browser.yaml --out $(OUT)-browser
chromium: # what `make conformance-browser` publishes with
	$(call debian,command -v chromium,chromium)

LABELS ?=
TARGET ?= conformance/targets/archived.yaml
.PHONY: specs
specs: ffmpeg build ## The suite as Ginkgo specs, those of LABELS='chapter:AUTH && level:must', against TARGET
	go test ./conformance -count=1 -target $(TARGET) -ginkgo.label-filter='$(LABELS)'

# What the race detector makes many times slower and finds nothing in: SQLite, C translated to Go, shares what lies outside of Go's memory;
# the arithmetic of the Opus decoder and of Fourier transforms is reached through package opus and package fourier alone, which are watched, and
# the comparison of sounds and pictures through package merge.
UNWATCHED := $(foreach p,modernc.org/sqlite/lib modernc.org/libc github.com/pion/opus/internal/... gonum.org/v1/gonum/dsp/fourier/... \
  reelcheck/reference/internal/tools/merge/align reelcheck/reference/internal/tools/merge/splice,-gcflags=$(p)=-race=false)

# It publishes and records in real time, and loses media to whatever else takes the processors for seconds.
RECORDS := ./reference/cmd/archived

# Tests that only compute, in one goroutine, what packages without goroutines return: the race detector finds nothing in them and makes them up to
# eight times slower. test-computes fails when one of them starts a goroutine.
COMPUTES := $(addprefix ./reference/internal/,mux/mp4 tools/merge/align tools/merge/splice)

# The kill matrix judges pure functions hundreds of times. The race detector watches them in the tests of their own packages.
MATRIX := ./conformance/mutants

# Packages with the longest tests. They begin first, so that no processor waits for the last one. More packages than processors run at a time,
# because many tests wait, and the race detector waits for a second before a test program ends.
LONG := $(addprefix ./reference/internal/,compose tools/merge tools/render ingest ffmpeg sessions)

# Packages whose tests start FFmpeg, PostgreSQL or the compiler, publish over WebRTC, or run for a minute.
SLOW := cmd/archived cmd/bench compose ffmpeg forensics ingest matroska merge mutants mux/mp4 publisher recorder render seeded store/postgres trial
space := $() $()
.PHONY: quick
quick: ## Vet and the tests without media, other programs and the race detector: less than a minute, for the loop of edit and try
	go vet ./...
	REELCHECK_WITHOUT_POSTGRES=1 go test $$(go list ./... | grep -vE '/($(subst $(space),|,$(SLOW)))$$')

PKGS ?= ./...
WATCH := CGO_ENABLED=1 go test -race -vet=off $(UNWATCHED) -shuffle=on # make lint vets
.PHONY: test test-records test-computes
test: ffmpeg openssl postgresql gcc ## Unit and contract tests with the race detector (PKGS=./some/package)
ifeq ($(PKGS),./...)
	$(MAKE) --no-print-directory -j2 -O test-records test-computes
	$(WATCH) -p 3 $(LONG) $$(go list ./... | grep -vxF "$$(go list $(RECORDS) $(COMPUTES) $(MATRIX) $(LONG))")
else
	$(WATCH) $(PKGS)
endif
test-records: # alone, but for what takes only the time that it leaves
	$(WATCH) $(RECORDS)
test-computes:
	! grep -nE '^\s*go |\.(Go|Parallel)\(' $(addsuffix /*.go,$(COMPUTES))
	nice -n 19 go test -timeout 20m $(COMPUTES) $(MATRIX)

.PHONY: spoil
spoil: ffmpeg ## Have FFmpeg spoil the files of the last `make conformance`, and see that the checks notice
	go test ./conformance/mutants -run '^TestSpoiledFiles$$' -files $(abspath $(OUT))/evidence

NAMES ?=
PART ?=
NARROW ?= false
.PHONY: seeded
seeded: ffmpeg ## Plant faults in archived, and see which of them conform catches (NAMES='auto-*,list-*' for some, PART=3/10 for a tenth, NARROW=true for their clauses alone; Azure's need TARGET=conformance/targets/containers.yaml)
	go run ./conformance/cmd/seeded --target='$(TARGET)' --names='$(NAMES)' --part='$(PART)' --narrow=$(NARROW)

RUNS ?= 20
.PHONY: steady
steady: ffmpeg build ## Judge archived RUNS times, every second time on busy processors, and count false alarms
	go run ./conformance/cmd/steady --runs=$(RUNS)

MINUTES ?= 60
.PHONY: drift
drift: ffmpeg ## Record MINUTES with drifting clocks, faster than real time, and measure how far sound and picture are apart
	go test ./reference/internal/compose -run '^TestDriftingClocks$$' -drift.minutes=$(MINUTES) -timeout 1h -v

STANDSTILL ?= 20
.PHONY: publishers
publishers: ffmpeg browsers webrtcbin $(WERIFT) ## Record Chromium, Firefox, GStreamer and werift, and measure how far sound and picture are apart (CASE=Chromium/held)
	go test ./reference/cmd/archived -run '^TestPublisher$(CASE)' -publishers -publishers.standstill=$(STANDSTILL) \
	  -publishers.werift=$(WERIFT) -count=1 -timeout 30m -v

$(WERIFT): | node
	mkdir -p $@.new
	npm install --prefix $@.new --no-audit --no-fund --no-save --ignore-scripts werift@$(WERIFT_VERSION)
	mv $@.new $@

KILLS ?= 100
.PHONY: crash
crash: ffmpeg openssl $(if $(POSTGRES),postgresql) ## Kill archived KILLS times in days of work and compare what survives (SEED=n to repeat, POSTGRES=true)
	mkdir -p $(CACHE)
	go test -c -o $(CACHE)/crash.test ./reference/cmd/archived
	cd reference/cmd/archived && $(CACHE)/crash.test -test.run '^TestCrashDay$$' -crash.kills=$(KILLS) -crash.seed=$(or $(SEED),0) -crash.postgres=$(or $(POSTGRES),false)

.PHONY: test-containers
test-containers: ffmpeg build $(MINIO) $(AZURITE) ## Judge archived with MinIO, Azurite and the webhook sink in containers
	docker/build-images $(MINIO) $(AZURITE)
	docker/with-azurite go test -count=1 -run='^TestAzureContract$$' ./reference/internal/storage
	TESTCONTAINERS_RYUK_DISABLED=$${TESTCONTAINERS_RYUK_DISABLED:-true} \
	TESTCONTAINERS_HOST_OVERRIDE=$${TESTCONTAINERS_HOST_OVERRIDE:-127.0.0.1} \
	bin/conform run --target conformance/targets/containers.yaml --out $(OUT)-containers

$(MINIO):
	mkdir -p $(CACHE)
	GOBIN=$(CACHE) CGO_ENABLED=0 go install -trimpath -ldflags='-s -w' $(MINIO_MODULE)
	mv $(CACHE)/minio $@

$(AZURITE): # needs node and npm
	docker/azurite/bundle $(AZURITE_VERSION) $@

.PHONY: lint
lint: $(GOLANGCI) ## golangci-lint with the project's rules
	$(GOLANGCI) run ./...
	@go list -f '{{range .GoFiles}}{{$$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... | grep -v '\.gen\.go$$' | xargs wc -l | awk -v most=1500 \
	  '/\.go$$/ {dir = $$2; sub("/[^/]*$$", "", dir); lines[dir] += $$1} \
	  END {for (d in lines) if (lines[d] > most) {print d ": " lines[d] " lines, want at most " most " in a package"; bad = 1}; exit bad}'

$(GOLANGCI):
	mkdir -p $(CACHE)
	GOBIN=$(CACHE) CGO_ENABLED=0 go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.14.0
	mv $(CACHE)/golangci-lint $@

.PHONY: generate
generate: ## Regenerate server types, the embedded API description, and the schema and page of target files
	cp openapi.yaml spec/openapi.gen.yaml
	go generate ./reference/internal/api/... ./conformance/target/config/describe

GENERATED := spec/openapi.gen.yaml reference/internal/api/apigen/apigen.gen.go conformance/target/config/target.schema.json conformance/targets/README.md
.PHONY: check-generated
check-generated: ## Fail when generated files are stale
	@before=$$(cat $(GENERATED) | sha256sum); $(MAKE) -s generate; \
	[ "$$before" = "$$(cat $(GENERATED) | sha256sum)" ] || { echo "stale: $(GENERATED); commit what make generate wrote"; exit 1; }

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the code
	$(GOLANGCI) fmt

.PHONY: fixtures
fixtures: ffmpeg ## Generate the media fixtures again and compare with the manifest
	go run ./fixtures/cmd/gen -check

.PHONY: bench
bench: ffmpeg gstreamer build ## Measure: compose beside ffmpeg and GStreamer, record live, stop; print bench: lines (BENCH="-case 16xvga-480p")
	go build -o bin/ ./reference/cmd/bench
	bin/bench $(BENCH)

.PHONY: fuzz
fuzz: ## Fuzz every parser of foreign bytes for FUZZTIME each
	@for pkg in $$(grep -rl --include=*_test.go '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | cut -d' ' -f2); do \
	    echo "fuzz $$pkg $$f"; go test $$pkg -run='^$$' -fuzz="^$$f$$" -fuzztime=$(FUZZTIME); done; done

.PHONY: clean
clean: ## Remove what was built and reported
	rm -rf bin report report-browser report-command report-containers report-plain report-plain-cloud report-seeded report-steady
