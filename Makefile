# make test needs Go and, for the race detector, a C compiler. make e2e installs
# what it starts. make soak goes on for SOAK.
GO   = go
SOAK ?= 10m

# All modules but the one that only builds Jaeger and those that tests read.
MODULES = . $(filter-out . ./examples/jaeger/server,$(patsubst %/go.mod,%,$(sort $(shell find . -name testdata -prune -o -name go.mod -print))))

.PHONY: test fmt vet e2e soak bench plots

# The tests of the root hold the walls between its packages: internal/layers.
test: fmt vet
	@failed=; for m in $(MODULES); do \
		echo "== vet and test $$m"; \
		$(GO) -C $$m vet ./... && \
		$(GO) -C $$m vet -tags e2e ./... && \
		$(GO) -C $$m test -race -shuffle=on ./... || failed="$$failed $$m"; \
	done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# What scopevet reports, in any module, fails the test.
vet:
	@mkdir -p .cache && $(GO) -C scope/scopevet build -o $(CURDIR)/.cache/scopevet . && failed= && \
	for m in $(MODULES); do \
		echo "== scopevet $$m"; \
		$(GO) -C $$m vet -vettool=$(CURDIR)/.cache/scopevet ./... || failed="$$failed $$m"; \
	done; \
	if [ -n "$$failed" ]; then echo "scopevet has something to say in:$$failed"; exit 1; fi

fmt:
	@bad=$$(gofmt -l .); \
	if [ -n "$$bad" ]; then echo "not gofmt'ed:"; echo "$$bad"; exit 1; fi

e2e:
	bash .ci/e2e

# New random programs, against a model of what they must do. A seed that fails is
# printed; EBB_SEED=N runs it again.
soak:
	EBB_RANDOM=$(SOAK) $(GO) test -race -count=1 -v -timeout 0 -run '^TestRandomOperations$$' ./scope

bench plots:
	$(MAKE) -C benchmarks $@
